/// A command to run in a container, as the subresource `exec` carries it (`v1.PodExecOptions`).
public struct ExecRequest: Sendable, Equatable {
    public var namespace: String
    public var pod: String
    /// Empty for the pod's only container.
    public var container: String
    public var command: [String]
    /// Whether the command reads what the client sends.
    public var takesInput: Bool
    /// Whether it has a terminal; standard error then goes where standard output goes.
    public var hasTerminal: Bool
    /// Who runs it; the lab's own user if nobody says.
    public var user = RequestUser.administrator
    /// As whom that user wants to act.
    public var impersonated: RequestUser?

    public init(
        namespace: String, pod: String, container: String = "", command: [String], takesInput: Bool = false,
        hasTerminal: Bool = false
    ) {
        self.namespace = namespace
        self.pod = pod
        self.container = container
        self.command = command
        self.takesInput = takesInput
        self.hasTerminal = hasTerminal
    }
}

/// What a command in a container wrote.
public struct ExecOutput: Sendable, Equatable {
    public enum Stream: UInt8, Sendable { case output = 1, error = 2 }

    public var stream: Stream
    public var bytes: [UInt8]

    public init(_ stream: Stream, _ bytes: [UInt8]) {
        self.stream = stream
        self.bytes = bytes
    }
}

/// How a command in a container ended.
public enum ExecEnding: Sendable, Equatable {
    /// Its exit code, 0 to 255.
    case exited(Int32)
    /// It could not be run.
    case failed(APIStatus)

    /// The `Status` that ends the error stream (channel 3 of the WebSocket, stream `error` of SPDY).
    public var status: JSONValue {
        switch self {
        case .exited(0): ["metadata": [:], "status": "Success"]
        case .exited(let code):
            [
                "metadata": [:], "status": "Failure",
                "message": .string("command terminated with non-zero exit code: exit status \(code)"),
                "reason": "NonZeroExitCode",
                "details": ["causes": [["reason": "ExitCode", "message": .string("\(code)")]]], "code": 500,
            ]
        case .failed(let status):
            [
                "metadata": [:], "status": "Failure", "message": .string(status.message),
                "reason": .string(status.reason), "code": .integer(Int64(status.code)),
            ]
        }
    }
}
