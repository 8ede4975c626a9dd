import ArgumentParser
import Lab
import Monitoring
import OpenTelemetry

/// `kubelab trace`: one trace of the lab.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Show one trace of the lab: its waterfall, and the path that decided how long it took.",
        discussion: """
            The identifier stands in 'kubelab traceql', in log lines (trace_id) and in exemplars. Below the waterfall \
            stands the critical path: at each instant the span for which everything waited. An error is marked with '!'. \
            With -o json the trace is printed as Tempo's /api/traces/ID gives it.

            kubelab trace 2f9c31ab77de0f8e4b1d3a9960c5d2e1
            kubelab logql '{namespace="support-desk"} |= "2f9c31ab77de0f8e4b1d3a9960c5d2e1"'
            """)

    @Argument(help: "The trace's identifier: hexadecimal digits, or the first of them if only one trace begins so.")
    var id: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let world = try global.open(for: .reading).world
        guard world.recordsTraces else { throw Failure(TraceQLCommand.noTraces) }
        let trace = try find(in: world)
        if output.isJSON {
            return Terminal.print(String(decoding: TempoResponse.trace(trace).compactBytes, as: UTF8.self))
        }
        let waterfall = Waterfall(trace)
        let path = CriticalPath(trace)
        if Terminal.isPlain {
            Terminal.print("trace \(trace.id), \(trace.spans.count) spans")
            Terminal.write(WaterfallText.plain(waterfall))
        } else {
            Terminal.write(WaterfallText.bars(waterfall, width: Terminal.width))
        }
        Terminal.print("\ncritical path:")
        Terminal.write(CriticalPathText.text(path, of: trace, width: Terminal.isPlain ? nil : Terminal.width))
    }

    private func find(in world: World) throws -> Trace {
        do {
            if let trace = world.trace(try TraceID(asked: id)) { return trace }
        } catch { throw Failure("\(id): \(error)") }
        let digits = id.lowercased()
        let store = world.traceStore()
        let found = store.traces.filter { $0.id.description.hasPrefix(digits) }
        if found.count == 1 { return found[0] }
        if found.count > 1 {
            throw Failure("\(id): \(found.count) traces begin so, such as \(found[0].id) and \(found[1].id)")
        }
        throw Failure(
            "\(id): trace not found among \(store.count) that are kept; 'kubelab traceql {}' lists the newest")
    }
}
