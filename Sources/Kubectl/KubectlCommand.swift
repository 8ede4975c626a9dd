import KubernetesAPI

/// kubectl's commands against any endpoint whose time is simulated.
public enum KubectlCommand {
    /// Every command, in the order of the overview.
    static let commands: [any Command.Type] = [
        CreateCommand.self, ExposeCommand.self, SetImageCommand.self, SetEnvironmentCommand.self,
        SetResourcesCommand.self, ExplainCommand.self, GetCommand.self,
        DeleteCommand.self, RolloutStatusCommand.self, RolloutHistoryCommand.self, RolloutUndoCommand.self,
        RolloutRestartCommand.self, RolloutPauseCommand.self, RolloutResumeCommand.self, ScaleCommand.self,
        AutoscaleCommand.self,
        TopPodCommand.self, TopNodeCommand.self, CordonCommand.self, UncordonCommand.self, DrainCommand.self,
        TaintCommand.self,
        DescribeCommand.self, LogsCommand.self, ExecCommand.self, EventsCommand.self, DiffCommand.self,
        ApplyFilesCommand.self,
        PatchCommand.self,
        ReplaceCommand.self, WaitCommand.self, LabelCommand.self, AnnotateCommand.self, APIResourcesCommand.self,
        CanICommand.self, WhoAmICommand.self, VersionCommand.self,
    ]

    /// Whether a word begins one of the commands.
    public static func knows(_ word: String) -> Bool {
        commands.contains { $0.definition.path.first == word || $0.definition.aliases.contains(word) }
    }

    /// The commands' first words, in the order of the overview, each once.
    public static var names: [String] {
        var names: [String] = []
        for command in commands {
            if let first = command.definition.path.first, !names.contains(first) { names.append(first) }
        }
        return names
    }

    /// What a command does with the endpoint.
    public enum Access: Sendable, Equatable {
        /// Sends no requests.
        case none
        /// Only asks, and lets no time pass.
        case reading
        /// Changes objects, or lets simulated time pass.
        case writing
    }

    /// What a command line will do with its endpoint, as far as its words say; `--dry-run` counts as writing.
    public static func access(of arguments: [String]) -> Access {
        var words = arguments[...]
        while let word = words.first, word.hasPrefix("-") {
            words = words.dropFirst()
            if ["-n", "--namespace"].contains(word) { words = words.dropFirst() }
        }
        let help = words.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
        guard !help, let (command, rest) = find(Array(words)) else { return .none }
        guard command.definition.access == .reading else { return command.definition.access }
        let flags = command.definition.flags
        guard
            let parsed = try? ParsedArguments(
                rest, flags: flags + Flag.global.filter { global in !flags.contains { $0.name == global.name } })
        else { return .none }
        return ["watch", "watch-only", "follow"].contains { parsed.bool($0) } ? .writing : .reading
    }

    /// Runs one command.
    /// - Parameter arguments: the words behind `kubectl`.
    /// - Returns: kubectl's exit code.
    public static func run(
        _ arguments: [String], on endpoint: inout some SimulatedEndpoint, environment: any KubectlEnvironment
    ) -> Int32 {
        // Flags that every command has may stand before the command's name.
        var (leading, rest) = (Array<String>(), arguments[...])
        while let word = rest.first, word.hasPrefix("-"), word != "-", word != "--" {
            rest = rest.dropFirst()
            if ["-h", "--help"].contains(word), leading.isEmpty {
                environment.write(overview(program: environment.program))
                return 0
            }
            leading.append(word)
            if Flag.global.contains(where: { ("--" + $0.name == word || "-" + $0.short == word) && $0.kind != .bool }),
                let value = rest.first
            {
                leading.append(value)
                rest = rest.dropFirst()
            }
        }
        guard let first = rest.first else {
            environment.write(overview(program: environment.program))
            return 0
        }
        guard let (command, words) = find(Array(rest)) else {
            return reportUnknown(first, Array(rest), environment)
        }
        return run(command, leading + words, on: &endpoint, environment)
    }

    private static func run<Chosen: Command>(
        _ command: Chosen.Type, _ words: [String], on endpoint: inout some SimulatedEndpoint,
        _ environment: any KubectlEnvironment
    ) -> Int32 {
        let definition = Chosen.definition
        let parsed: ParsedArguments
        do {
            if words.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
                environment.write(definition.help(program: environment.program))
                return 0
            }
            parsed = try ParsedArguments(
                words,
                flags: definition.flags
                    + Flag.global.filter { global in !definition.flags.contains { $0.name == global.name } })
        } catch {
            let name = ([environment.program] + definition.path).joined(separator: " ")
            environment.writeError("error: \(error.message)\nSee '\(name) --help' for usage.\n")
            return 1
        }
        let invocation = Invocation(definition: definition, arguments: parsed, environment: environment)
        do {
            guard let user = try impersonated(parsed) else {
                return try discovering(command, invocation, on: &endpoint)
            }
            var impersonating = ImpersonatingEndpoint(base: endpoint, user: user)
            defer { endpoint = impersonating.base }
            return try discovering(command, invocation, on: &impersonating)
        } catch {
            if !error.text.isEmpty { environment.writeError(error.text + "\n") }
            return error.exitCode
        }
    }

    /// Runs a command that knows the kinds which the endpoint's definitions add.
    private static func discovering<Chosen: Command>(
        _ command: Chosen.Type, _ invocation: Invocation, on endpoint: inout some SimulatedEndpoint
    ) throws(CommandFailure) -> Int32 {
        let kinds = endpoint.customKinds
        let result: Result<Int32, CommandFailure> = AddedKinds.$current.withValue(kinds) {
            do throws(CommandFailure) { return .success(try command.run(invocation, on: &endpoint)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// As whom `--as` and `--as-group` want a command to act.
    private static func impersonated(_ arguments: ParsedArguments) throws(CommandFailure) -> RequestUser? {
        let name = arguments.string("as")
        let groups = arguments.list("as-group")
        guard !name.isEmpty else {
            guard groups.isEmpty, arguments.string("as-uid").isEmpty else {
                throw CommandFailure("requesting uid, groups or user-extra without impersonating a user")
            }
            return nil
        }
        return RequestUser(name: name, uid: arguments.string("as-uid"), groups: groups)
    }

    /// The command with the longest path that the words begin with, and the words behind it.
    private static func find(_ words: [String]) -> (any Command.Type, [String])? {
        for command in commands.sorted(by: { $0.definition.path.count > $1.definition.path.count }) {
            let definition = command.definition
            let count = definition.path.count
            guard words.count >= count, Array(words.prefix(count - 1)) == Array(definition.path.dropLast()) else {
                continue
            }
            if words[count - 1] == definition.path.last || definition.aliases.contains(words[count - 1]) {
                return (command, Array(words.dropFirst(count)))
            }
        }
        return nil
    }

    private static func reportUnknown(_ first: String, _ words: [String], _ environment: any KubectlEnvironment)
        -> Int32
    {
        let family = commands.filter { $0.definition.path.count > 1 && $0.definition.path[0] == first }
        guard !family.isEmpty else {
            var text = "error: unknown command \"\(first)\" for \"\(environment.program)\"\n"
            let near = names.filter { distance($0, first) <= 2 || $0.hasPrefix(first) }
            if !near.isEmpty { text += "\nDid you mean this?\n" + near.map { "\t\($0)\n" }.joined() }
            environment.writeError(text)
            return 1
        }
        let second = words.dropFirst().first ?? ""
        if second.isEmpty || second == "--help" || second == "-h" {
            environment.write(
                "Available Commands:\n"
                    + family.map {
                        "  \($0.definition.path.dropFirst().joined(separator: " "))\t\($0.definition.summary)\n"
                    }.joined())
            return 0
        }
        environment.writeError(
            "error: unknown command \"\(second)\"\nSee '\(environment.program) \(first) -h' for help and examples\n")
        return 1
    }

    private static func overview(program: String) -> String {
        var rows = ""
        for command in commands {
            rows += "  \(command.definition.path.joined(separator: " "))\t\(command.definition.summary)\n"
        }
        var writer = TabWriter(minimumWidth: 0, padding: 2)
        return
            "\(program) controls the simulated cluster as kubectl controls a real one.\n\nCommands:\n\(writer.aligned(rows))\n"
            + "Use \"\(program) <command> --help\" for more information about a given command.\n"
    }

    /// Letters to change, insert or remove between two words (Levenshtein).
    static func distance(_ left: String, _ right: String) -> Int {
        let (a, b) = (Array(left.utf8), Array(right.utf8))
        var row = Array(0...b.count)
        for (i, letter) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let above = row[j + 1]
                row[j + 1] = letter == other ? diagonal : min(diagonal, above, row[j]) + 1
                diagonal = above
            }
        }
        return row[b.count]
    }
}
