import ArgumentParser
import Lab
import Monitoring
import PromQL
import Simulation

/// `kubelab traceql`: a query over the traces of the lab's requests.
struct TraceQLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "traceql",
        abstract: "Find traces of the lab's requests with a TraceQL query, as Tempo would.",
        discussion: """
            A lab whose scenario says 'monitoring: {traces: {}}' records a span for each request, call, step of an agent, \
            model call and tool call. The newest traces come first; 'kubelab trace ID' shows one.

            kubelab traceql '{ status = error }' --start 10m
            kubelab traceql '{ resource.service.name = "support-agent" && duration > 2s }'
            kubelab traceql '{ name =~ "chat .*" } | count() > 3'
            kubelab traceql '{ name = "execute_tool orders" && span.error.type != nil }' -o json
            kubelab traceql '{ name = "POST /answer" && kind = server }' --reduce p95 --start 12:40:00

            With --reduce what was found between --start and --end becomes one number (spans, traces; mean, p50 to p99 of the \
            spans' durations) or a ranking of names: longest, by the durations of the spans that match; critical-path, by \
            what the traces waited for. A span counts in the time in which it ended, a trace in that of its root's end.
            """)

    @Argument(help: "The query.")
    var query: String

    @Option(help: ArgumentHelp(QueryInstant.help("Traces that ended before are left out"), valueName: "time"))
    var start: String?

    @Option(help: ArgumentHelp(QueryInstant.help("Traces that began later are left out"), valueName: "time"))
    var end: String?

    @Option(help: ArgumentHelp("Most traces.", valueName: "count"))
    var limit = 20

    @Option(help: ArgumentHelp("One number or ranking of all that matches.", valueName: "how"))
    var reduce: String?

    @OptionGroup var telemetry: TelemetryPolicyOption
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
        guard reduce.map({ TraceReduction($0) != nil }) ?? true else {
            throw ValidationError("--reduce takes one of \(TraceReduction.names.joined(separator: ", "))")
        }
    }

    func run() throws {
        let query: TraceQL
        do { query = try TraceQL(self.query) } catch { throw Failure("\(error)") }
        let world = try global.open(for: .reading).world
        guard world.recordsTraces else { throw Failure(Self.noTraces) }
        let from = try start.map { UInt64(clamping: try QueryInstant.nanoseconds($0, "--start", in: world)) } ?? 0
        let to = try end.map { UInt64(clamping: try QueryInstant.nanoseconds($0, "--end", in: world)) } ?? .max
        guard from <= to else { throw Failure("--start is later than --end") }
        let store = try telemetry.kept(in: world, for: .traceql)?.traces ?? world.traceStore()
        if let reduction = reduce.flatMap(TraceReduction.init) {
            return Terminal.write(
                TraceSearchText.reduced(reduction, reduction.result(of: query, in: store, from: from, to: to)))
        }
        let matches = query.search(store, from: from, to: to, limit: limit)
        if output.isJSON {
            let answer = TempoResponse.search(matches, inspectedTraces: store.count)
            return Terminal.print(String(decoding: answer.compactBytes, as: UTF8.self))
        }
        guard !matches.isEmpty else {
            return Terminal.note("No traces match, of \(store.count) that are kept.")
        }
        Terminal.write(TraceSearchText.table(matches, width: Terminal.isPlain ? nil : Terminal.width))
    }

    static let noTraces =
        "this lab records no traces: its scenario does not ask for them. 'monitoring: {traces: {}}' in scenario.yaml does"
}
