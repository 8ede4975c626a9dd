import ArgumentParser

/// The commands with kubectl's words.
enum KubectlCommands {
    static let all: [any ParsableCommand.Type] = []
}
