import ArgumentParser
import Lab

/// `kubelab status`: where the lab stands.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say where the lab stands: time, users, cluster, cost.")

    @Flag(
        help:
            "Take over a lab of a program whose worlds behave differently: compute it anew from its inputs. What happened may differ."
    )
    var replay = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let session = try LabSession.open(global.labPath, for: replay ? .writing : .reading, replayed: replay)
        let report = WorldReport(session.world)
        let inputs = try session.inputs()
        if output.isJSON {
            let status = StatusReport(
                lab: session.path, exercise: session.header.exercise, inputs: inputs.count,
                changes: inputs.filter { $0.action != .advance }.count, world: report)
            return Terminal.print(try JSONText.of(status))
        }
        if replay { Terminal.note("Computed anew from \(inputs.count) inputs.") }
        let name = session.header.exercise.isEmpty ? "" : " (exercise \(session.header.exercise))"
        Terminal.print("Lab       \(session.path)\(name)")
        Terminal.print("Time      \(session.world.clockText)")
        for line in ReportText.lines(report) { Terminal.print(line) }
    }
}

private struct StatusReport: Encodable {
    var lab: String
    var exercise: String
    var inputs: Int
    /// Inputs other than the passing of time.
    var changes: Int
    var world: WorldReport
}
