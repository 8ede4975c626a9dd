import ArgumentParser
import Lab
import PromQL

/// `kubelab promql`: a query over what the lab's Prometheus has stored, or over a file of samples.
struct PromQLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promql",
        abstract: "Evaluate a PromQL query over what the lab's Prometheus has scraped, or over samples in a file.",
        discussion: """
            Without --data the lab answers, if its scenario has Prometheus ('monitoring:'). A file has OpenMetrics text with timestamps, as 'promtool tsdb create-blocks-from openmetrics' takes it. \
            Answers are printed as 'promtool query' prints them, and with -o json as Prometheus' HTTP API.

            kubelab promql 'sum by (code) (rate(http_requests_total[5m]))'
            kubelab promql 'sum by (job) (rate(http_requests_total[5m]))' --data samples.om
            kubelab promql up --data samples.om --start 0 --end 3600 --step 1m
            """)

    @Argument(help: "The query.")
    var query: String

    @Option(help: ArgumentHelp("A file of samples in place of the lab.", valueName: "file"), completion: .file())
    var data: String?

    @Option(
        help: ArgumentHelp(
            QueryInstant.help("When (default: the lab's present, or the time of a file's newest sample)")
                + " Times of the lab are for the lab only.", valueName: "time"))
    var time: String?

    @Option(help: "The start of a range query.")
    var start: String?

    @Option(help: "The end of a range query.")
    var end: String?

    @Option(help: "The step of a range query: seconds or a duration such as 1m.")
    var step: String?

    @Flag(help: "Allow experimental functions and modifiers.")
    var experimental = false

    @OptionGroup var telemetry: TelemetryPolicyOption
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        let parts = [start, end, step].compactMap { $0 }
        guard parts.isEmpty || (parts.count == 3 && time == nil) else {
            throw ValidationError("a range query needs --start, --end and --step together, without --time")
        }
        guard data == nil || telemetry.policy == nil else {
            throw ValidationError("--policy is about the lab, --data about a file: one of them")
        }
    }

    func run() throws {
        let (store, now, given, world) = try samples()
        var options = given
        if experimental { options.parser = .everything }
        let engine = QueryEngine(options: options)
        let result: Result<QueryResult, QueryError>
        if let start, let end, let step {
            let (from, through) = (
                try QueryInstant.milliseconds(start, "--start", in: world),
                try QueryInstant.milliseconds(end, "--end", in: world)
            )
            let every = try duration(step)
            result = Result { () throws(QueryError) in
                try APIResponse.range(query, engine: engine, store: store, start: from, end: through, step: every)
            }
        } else {
            let at = try time.map { try QueryInstant.milliseconds($0, "--time", in: world) } ?? now
            result = Result { () throws(QueryError) in try engine.instant(query, in: store, at: at) }
        }
        if output.isJSON {
            let response = APIResponse(result)
            Terminal.print(response.body)
            if response.status != 200 { throw ExitCode(Exit.unusable) }
            return
        }
        switch result {
        case .success(let answer):
            if answer.text.isEmpty { Self.tellWhyNothing(query, store) } else { Terminal.print(answer.text) }
            for remark in answer.warnings + answer.infos { Terminal.note(remark) }
        case .failure(let error): throw Failure(error.description)
        }
    }

    /// What is queried, the time of a query that names none, the engine's settings, and the lab if it is one.
    private func samples() throws -> (TimeSeriesStore, Int64, QueryEngine.Options, World?) {
        guard let data else {
            let world = try global.open(for: .reading).world
            guard let monitoring = world.monitoring else { throw Failure(Self.noPrometheus) }
            if let kept = try telemetry.kept(in: world, for: .promql) {
                return (kept.metrics, world.epochMilliseconds, monitoring.prometheus.engine.options, world)
            }
            return (monitoring.prometheus.store, world.epochMilliseconds, monitoring.prometheus.engine.options, world)
        }
        var store = TimeSeriesStore()
        do {
            try store.load(try Files.bytes(data, limit: 1 << 30))
        } catch let error as ExpositionError {
            throw Failure("\(data): \(error)")
        }
        return (store, store.timeRange?.upperBound ?? 0, QueryEngine.Options(), nil)
    }

    /// Says on standard error which selector of a query without an answer no series passes, if that is why.
    static func tellWhyNothing(_ query: String, _ store: TimeSeriesStore) {
        if let why = reasonForNothing(query, store) { Terminal.note("Nothing: \(why)") }
    }

    /// The same as a sentence.
    static func reasonForNothing(_ query: String, _ store: TimeSeriesStore) -> String? {
        guard let expression = try? PromQLParser.parse(query, options: .everything),
            let unmatched = UnmatchedSelector.first(in: expression, store)
        else { return nil }
        guard unmatched.cause == .metric, let metric = unmatched.metric else { return "\(unmatched)." }
        let names = store.labelValues(Labels.metricName)
        let suggestion = Suggestion.text(for: metric, among: names)
        return "\(unmatched)\(suggestion.isEmpty ? "." : suggestion)"
    }

    static let noPrometheus =
        "this lab has no Prometheus: its scenario says nothing of 'monitoring'. --data FILE queries a file"

    private func duration(_ text: String) throws -> Int64 {
        if let seconds = Double(text), seconds.magnitude < 9e15 { return Int64((seconds * 1000).rounded()) }
        do {
            return try PrometheusDuration.parse(text)
        } catch {
            throw Failure("--step: \(error)")
        }
    }
}
