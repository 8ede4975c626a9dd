import Foundation
import Lab

/// What hidden seeds are derived from, so that nobody who has the exercise can know them.
public struct CourseSecret: Sendable {
    private let bytes: [UInt8]
    /// Whether it is the built-in one, which practice uses and everybody knows.
    public let isPractice: Bool

    /// The environment's `KUBELAB_COURSE_SECRET`, the file that `KUBELAB_COURSE_SECRET_FILE` names, or the built-in one.
    /// - Throws: `ConfigurationError` if the named file cannot be read or is empty.
    public static func find(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> CourseSecret
    {
        if let text = environment["KUBELAB_COURSE_SECRET"], !text.isEmpty { return CourseSecret(text) }
        if let path = environment["KUBELAB_COURSE_SECRET_FILE"], !path.isEmpty {
            let text = try ScenarioFile.readText(path).trimmingCharacters(in: .whitespacesAndNewlines)
            guard !text.isEmpty else { throw ConfigurationError(file: path, message: "the course's secret is empty") }
            return CourseSecret(text)
        }
        return .practice
    }

    public static let practice = CourseSecret(bytes: Array("kubelab practice".utf8), isPractice: true)

    public init(_ text: String) { self.init(bytes: Array(text.utf8), isPractice: false) }

    private init(bytes: [UInt8], isPractice: Bool) {
        self.bytes = bytes
        self.isPractice = isPractice
    }

    /// The hidden seeds of one attempt.
    public func seeds(exercise: String, student: String, attempt: Int, count: Int) -> [UInt64] {
        (0..<max(0, count)).map { index in
            var hash = SHA256()
            hash.update(bytes)
            for part in [exercise, student, "\(attempt)", "\(index)"] {
                hash.update([0])
                hash.update(part.utf8)
            }
            return hash.finish().prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
    }
}
