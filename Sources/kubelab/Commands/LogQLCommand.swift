import ArgumentParser
import Grading
import Lab
import Monitoring
import PromQL
import Simulation

/// `kubelab logql`: a query over the logs of the lab's pods.
struct LogQLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logql",
        abstract: "Evaluate a LogQL query over the logs of the lab's pods, as Loki would.",
        discussion: """
            Streams have the labels namespace, pod, container, node_name and app. A lab with Prometheus ('monitoring:') \
            writes a line for each request; others write starts and ends only.

            kubelab logql '{app="gateway"} |= "ERROR"' --since 10m
            kubelab logql 'sum by (pod) (count_over_time({app="gateway"} | logfmt | status >= 500 [5m]))'
            kubelab logql '{app="gateway"} | json' --logging logging.yaml
            """)

    @Argument(help: "The query.")
    var query: String

    @Option(help: ArgumentHelp("How far back lines are looked for (default: all).", valueName: "duration"))
    var since: String?

    @Option(help: ArgumentHelp("Most lines.", valueName: "count"))
    var limit = 100

    @Flag(help: "The oldest lines first.")
    var forward = false

    @Option(
        help: ArgumentHelp(
            QueryInstant.help("When it is asked (default: the lab's present)"), valueName: "time"))
    var time: String?

    @Option(
        help: ArgumentHelp(
            "Ask of the lines that programs would have written under a schema (kubelab formats logging.yaml), in place of theirs.",
            valueName: "file"), completion: .file())
    var logging: String?

    @OptionGroup var telemetry: TelemetryPolicyOption
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if logging != nil, telemetry.policy != nil {
            throw ValidationError(
                "--logging and --policy exclude each other: a policy has a schema of its own (spec.logs).")
        }
    }

    /// What is asked: the lab's lines, or those of a schema or of a policy.
    private func lines(of world: borrowing World) throws -> LogStore {
        guard let logging else { return try telemetry.kept(in: world, for: .logql)?.logs ?? world.logStore() }
        let schema = try LoggingSchema(
            parsing: String(decoding: try Files.bytes(logging), as: UTF8.self), file: logging)
        guard world.recordsTraces else { throw Failure(TraceQLCommand.noTraces) }
        return world.logStore(as: schema)
    }

    func run() throws {
        let world = try global.open(for: .reading).world
        let now =
            try time.map { try QueryInstant.nanoseconds($0, "--time", in: world) }
            ?? world.epochMilliseconds * 1_000_000
        var span = max(1, world.now.nanoseconds)
        if let since {
            do { span = try PrometheusDuration.parse(since) * 1_000_000 } catch { throw Failure("--since: \(error)") }
        }
        let store = try lines(of: world)
        let direction: LogDirection = forward ? .forward : .backward
        let result: LogQLResult
        do {
            // A query for numbers is asked at one instant, one for lines over what had passed until then.
            let engine = LogQLEngine()
            if try LogQLEngine.isMetric(query) {
                result = try engine.run(.instant(query, at: now), in: store)
            } else {
                result = try engine.run(
                    .range(query, start: now - span, end: now + 1, limit: limit, direction: direction), in: store)
            }
        } catch { throw Failure("\(error)") }
        if output.isJSON {
            return Terminal.print(String(decoding: LokiResponse.success(result).compactBytes, as: UTF8.self))
        }
        let text = LogText.text(result, direction: direction, width: Terminal.lineWidth)
        if text.isEmpty { Terminal.note("No lines.") } else { Terminal.write(text) }
    }
}
