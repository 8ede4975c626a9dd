/// What a command prints and how it ends.
public struct CommandOutput: Sendable, Equatable {
    public var standardOutput = ""
    public var standardError = ""
    /// kubectl's: 0, or 1 for any failure.
    public var exitCode: Int32 = 0

    public init() {}

    mutating func print(_ line: String) { standardOutput += line + "\n" }

    mutating func fail(_ line: String) {
        standardError += line + "\n"
        exitCode = 1
    }
}
