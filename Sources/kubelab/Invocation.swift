import ArgumentParser
import Foundation
import Lab

/// One run of the program: reads the arguments, runs the command, turns whatever happens into words and an exit code.
enum Invocation {
    static func run(_ arguments: [String]) -> Int32 {
        do {
            let arguments = globalOptionsLast(arguments)
            try refuseUnknownCommand(arguments)
            var command = try Kubelab.parseAsRoot(arguments)
            try command.run()
            return Exit.done
        } catch {
            return report(error)
        }
    }

    /// A word that is no command gets the nearest one, rather than a complaint about an unexpected argument.
    private static func refuseUnknownCommand(_ arguments: [String]) throws {
        guard let word = arguments.first, !word.hasPrefix("-") else { return }
        let configuration = Kubelab.configuration
        let commands = configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
        let names = commands.flatMap { [$0._commandName] + $0.configuration.aliases } + ["help"]
        guard !names.contains(word) else { return }
        throw Failure("there is no command \"\(word)\"\(Suggestion.text(for: word, among: names)) ('kubelab --help' lists them all)")
    }

    /// Says what went wrong.
    /// - Returns: the exit code.
    static func report(_ error: any Error) -> Int32 {
        Terminal.endProgress()
        switch error {
        case let error as Failure:
            if !error.message.isEmpty { Terminal.note(Style.bad.onError("error: ") + error.message) }
            return error.exitCode
        case let code as ExitCode:
            return code.rawValue
        case let error as ConfigurationError: return say(error.description, Exit.unusable)
        case let error as LabStoreError:
            return say(error.description, error.isFaultOfTheMachine ? Exit.fault : Exit.unusable)
        case let error as Measurement.ParsingError: return say(error.description, Exit.unusable)
        case let error as WhySubject.ParsingError: return say(error.description, Exit.unusable)
        case let error as RunError:
            if case .livelock = error { return say(error.description, Exit.fault) }
            return say(error.description, Exit.unusable)
        default:
            return reportParsing(error)
        }
    }

    private static func say(_ text: String, _ code: Int32) -> Int32 {
        Terminal.note(Style.bad.onError("error: ") + text)
        return code
    }

    /// Help goes to standard output; a command line that cannot be understood is input that cannot be used.
    private static func reportParsing(_ error: any Error) -> Int32 {
        let code = Kubelab.exitCode(for: error)
        let text = Kubelab.fullMessage(for: error)
        if code == .success {
            Terminal.print(text)
            return Exit.done
        }
        guard code == .validationFailure else {
            return say("\(text) (this should not happen; please report it)", Exit.fault)
        }
        Terminal.note(text)
        return Exit.unusable
    }

    /// `kubelab --lab x get pods` means `kubelab get pods --lab x`: options of every command may stand before it.
    static func globalOptionsLast(_ arguments: [String]) -> [String] {
        var rest = arguments[...]
        var moved: [String] = []
        while let first = rest.first {
            if ["--lab", "--labs"].contains(first), rest.count >= 2 {
                moved += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else if first == "--plain" || first.hasPrefix("--lab=") || first.hasPrefix("--labs=") {
                moved.append(first)
                rest = rest.dropFirst()
            } else {
                break
            }
        }
        guard !moved.isEmpty else { return arguments }
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return Array(rest[..<end]) + moved + Array(rest[end...])
    }
}

/// A command that cannot do what it was asked, in words for whoever asked.
struct Failure: Error {
    var message: String
    var exitCode: Int32 = Exit.unusable

    init(_ message: String, exitCode: Int32 = Exit.unusable) {
        self.message = message
        self.exitCode = exitCode
    }
}

extension LabStoreError {
    /// Whether the disk or the program is to blame rather than what was given.
    var isFaultOfTheMachine: Bool {
        switch self {
        case .full, .other: true
        case .missing, .exists, .notALab, .newer, .otherBehaviour, .busy, .changedMeanwhile, .readOnly, .damaged: false
        }
    }
}
