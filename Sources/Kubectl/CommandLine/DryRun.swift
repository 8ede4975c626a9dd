/// What `--dry-run` asks for.
enum DryRun: Sendable {
    case none, client, server

    init(_ invocation: Invocation) throws(CommandFailure) {
        switch invocation.arguments.string("dry-run") {
        case "none", "": self = .none
        case "client": self = .client
        case "server": self = .server
        case "unchanged":
            invocation.printError("W: --dry-run is deprecated and can be replaced with --dry-run=client.")
            self = .client
        case let other:
            throw CommandFailure("Invalid dry-run value (\(other)). Must be \"none\", \"server\", or \"client\".")
        }
    }

    /// Behind the sentence about what was done.
    var note: String {
        switch self {
        case .none: ""
        case .client: " (dry run)"
        case .server: " (server dry run)"
        }
    }
}
