/// What surrounds a kubectl command: files, standard input, where its text goes. The shell (a process, a workflow step,
/// a test) implements it; the commands do no input or output of their own.
public protocol KubectlEnvironment: AnyObject {
    /// The namespace of requests that name none.
    var defaultNamespace: String { get }
    /// How help and error texts name the program.
    var program: String { get }

    /// The bytes of a file.
    /// - Throws: `FileProblem`.
    func contents(ofFile path: String) throws(FileProblem) -> [UInt8]
    /// The files of a directory, as paths that `contents` takes, sorted by bytes; nil if the path is no directory.
    func files(inDirectory path: String, recursively: Bool) -> [String]?
    /// Everything that comes on standard input.
    func standardInput() -> [UInt8]
    /// Takes text for standard output; a watch calls it as things happen.
    func write(_ text: String)
    /// Takes text for standard error.
    func writeError(_ text: String)
    /// Whether whoever waits wants no more (Ctrl-C): a command that lets time pass ends at the next moment.
    var wantsToStop: Bool { get }
}

extension KubectlEnvironment {
    public var wantsToStop: Bool { false }
}

/// Why a file cannot be read.
public struct FileProblem: Error, Sendable, Equatable {
    /// In the words of the system: `no such file or directory`.
    public var reason: String
    public init(_ reason: String) { self.reason = reason }
}

/// An environment without a process: files are handed in, output is kept.
public final class RecordedEnvironment: KubectlEnvironment {
    public var defaultNamespace: String
    public var program: String
    /// By path. A path with a slash makes its directories.
    public var files: [String: [UInt8]]
    public var input: [UInt8]
    public private(set) var output = ""
    public private(set) var errors = ""
    /// Both outputs in the order in which they were printed, as a terminal shows them.
    public private(set) var transcript = ""

    public init(
        defaultNamespace: String = "default", program: String = "kubectl", files: [String: [UInt8]] = [:],
        input: [UInt8] = []
    ) {
        self.defaultNamespace = defaultNamespace
        self.program = program
        self.files = files
        self.input = input
    }

    public func contents(ofFile path: String) throws(FileProblem) -> [UInt8] {
        guard let bytes = files[path] else { throw FileProblem("no such file or directory") }
        return bytes
    }

    public func files(inDirectory path: String, recursively: Bool) -> [String]? {
        let prefix = path == "." ? "" : path.hasSuffix("/") ? path : path + "/"
        let found = files.keys.filter {
            $0.hasPrefix(prefix) && (recursively || !$0.dropFirst(prefix.count).contains("/"))
        }
        return found.isEmpty ? nil : found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    public func standardInput() -> [UInt8] { input }

    public func write(_ text: String) {
        output += text
        transcript += text
    }

    public func writeError(_ text: String) {
        errors += text
        transcript += text
    }

    /// Forgets what was printed.
    public func clear() {
        output = ""
        errors = ""
        transcript = ""
    }
}
