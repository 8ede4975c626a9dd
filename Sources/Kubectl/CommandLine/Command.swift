import KubernetesAPI

/// A kubectl command: its words, its flags, and what it does.
protocol Command: Sendable {
    static var definition: CommandDefinition { get }

    /// Sends requests and prints; returns kubectl's exit code.
    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
}

/// What `--help` prints and the parser reads.
struct CommandDefinition: Sendable {
    /// The words behind the program's name: `rollout status`.
    let path: [String]
    let aliases: [String]
    let summary: String
    /// Behind the program's name and the path.
    let usage: String
    let examples: [String]
    let flags: [Flag]
    /// What the command needs if no flag makes it wait.
    let access: KubectlCommand.Access

    init(
        _ path: String, aliases: [String] = [], _ summary: String, usage: String, examples: [String] = [],
        access: KubectlCommand.Access = .writing,
        flags: [Flag]
    ) {
        self.access = access
        self.path = path.split(separator: " ").map(String.init)
        self.aliases = aliases
        self.summary = summary
        self.usage = usage
        self.examples = examples
        self.flags = flags
    }

    func help(program: String) -> String {
        let name = ([program] + path).joined(separator: " ")
        var text = summary + "\n"
        if !aliases.isEmpty { text += "\nAliases:\n  " + ([path.last ?? ""] + aliases).joined(separator: ", ") + "\n" }
        if !examples.isEmpty { text += "\nExamples:\n" + examples.map { "  \(program) \($0)\n" }.joined() }
        text += "\nOptions:\n"
        let own = flags + [.namespace]
        text += own.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }.map(\.helpText).joined(
            separator: "\n\n")
        return text + "\n\nUsage:\n  \(name) \(usage)\n"
    }
}

/// Why a command ended early; the text goes to standard error as it is.
struct CommandFailure: Error, Equatable {
    var text: String
    var exitCode: Int32

    init(text: String, exitCode: Int32 = 1) {
        self.text = text
        self.exitCode = exitCode
    }

    /// `error: …`
    init(_ message: String) { self.init(text: "error: " + message) }

    /// What the server refused, in kubectl's words.
    init(_ status: APIStatus) { self.init(text: ServerError.text(status)) }
}

/// One call of a command.
struct Invocation {
    let definition: CommandDefinition
    let arguments: ParsedArguments
    let environment: any KubectlEnvironment

    /// The namespace of the request: the flag's or the default.
    var namespace: String {
        let given = arguments.string("namespace")
        return given.isEmpty ? environment.defaultNamespace : given
    }
    /// `kubectl`, or what the lab calls itself.
    var program: String { environment.program }
    var commandName: String { ([program] + definition.path).joined(separator: " ") }

    func print(_ line: String) { environment.write(line + "\n") }
    func write(_ text: String) { environment.write(text) }
    func printError(_ line: String) { environment.writeError(line + "\n") }

    /// Prints what `Warning:` headers say.
    func show(warnings: [String]) {
        for warning in warnings { printError("Warning: " + warning) }
    }

    /// An error about how the command was called, with the pointer to its help.
    func usage(_ message: String) -> CommandFailure {
        CommandFailure(text: "error: \(message)\nSee '\(commandName) -h' for help and examples")
    }
}
