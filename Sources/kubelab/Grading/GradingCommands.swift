import ArgumentParser

/// The commands that judge.
enum GradingCommands {
    static let all: [any ParsableCommand.Type] = []
}
