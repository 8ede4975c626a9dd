import ArgumentParser

/// The commands about exercises and grades, which the root command registers.
enum GradingCommands {
    static let all: [any ParsableCommand.Type] = [
        CheckCommand.self, GradeCommand.self, HintCommand.self, VerifyReceiptCommand.self, GradeAllCommand.self,
        GradeWorkerCommand.self, MergeCommand.self, AuthorCommand.self,
    ]
}
