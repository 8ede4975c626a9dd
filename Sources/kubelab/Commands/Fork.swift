import ArgumentParser
import Lab

/// `kubelab fork`: copies the lab, to try something else from here.
struct Fork: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the lab into another file, to try something else from here.",
        discussion: """
              kubelab fork bold-idea
              kubelab advance 10m --lab bold-idea.kubelab
              kubelab compare lab.kubelab bold-idea.kubelab
            """)

    @Argument(help: "Name of the copy; .kubelab is added.")
    var name: String

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let path = name.hasSuffix(".kubelab") ? name : name + ".kubelab"
        let session = try global.open(for: .reading)
        try session.fork(to: path)
        Terminal.print("\(path) is a copy of \(session.path) at \(session.world.clockText). Use it with --lab \(path).")
    }
}
