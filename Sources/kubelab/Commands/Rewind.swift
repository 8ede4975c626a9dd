import ArgumentParser
import Lab

/// `kubelab rewind`: goes back in time.
struct Rewind: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Go back to an earlier moment.",
        discussion: """
            What came after it is gone, as if it had never been; 'kubelab fork NAME'
            before keeps it in another file.

              kubelab rewind --to 12m
              kubelab rewind --to 09:12:30
            """)

    @Option(help: ArgumentHelp("The moment: since the start (12m30s) or of the day (09:12:30).", valueName: "time"))
    var to: Instant

    @OptionGroup var global: GlobalOptions

    func run() throws {
        var session = try global.open(for: .writing)
        let time = to.time(in: session.world)
        guard time <= session.now else {
            throw Failure(
                "\(session.world.clockText(at: time)) has not come yet: it is \(session.world.clockText). 'kubelab advance' goes forward."
            )
        }
        let lost = try session.inputs().filter { $0.time > time && $0.action != .advance }.count
        try session.rewind(to: time)
        Terminal.print(
            "It is now \(session.world.clockText).\(lost == 0 ? "" : " \(lost) \(lost == 1 ? "change" : "changes") of yours made later \(lost == 1 ? "is" : "are") undone.")"
        )
    }
}
