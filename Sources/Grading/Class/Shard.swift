import Lab

/// One part of a class that is graded in several places at once.
public struct Shard: Sendable, Equatable, CustomStringConvertible {
    /// From 1 to `count`.
    public var number: Int
    public var count: Int

    public static let whole = Shard(number: 1, count: 1)

    private init(number: Int, count: Int) {
        self.number = number
        self.count = count
    }

    /// Reads `2/5`, the second of five; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]), count <= 10_000,
            (1...max(1, count)).contains(number), count >= 1
        else { return nil }
        self.init(number: number, count: count)
    }

    /// The part of a pod of an Indexed Job: Kubernetes sets `JOB_COMPLETION_INDEX` (from 0) in its containers, the
    /// manifest repeats `spec.completions` in `JOB_COMPLETIONS`, which Kubernetes does not set.
    /// - Returns: nil outside such a Job.
    /// - Throws: `ConfigurationError` if one of the two is missing or makes no sense.
    public static func ofIndexedJob(environment: [String: String]) throws -> Shard? {
        guard let index = environment["JOB_COMPLETION_INDEX"], !index.isEmpty else { return nil }
        guard let total = environment["JOB_COMPLETIONS"], !total.isEmpty else {
            throw ConfigurationError(
                file: "environment",
                message:
                    "JOB_COMPLETION_INDEX is set, so this is a pod of an Indexed Job, but JOB_COMPLETIONS is not; set it in the pod's template to the Job's spec.completions, or give --shard"
            )
        }
        guard let index = Int(index), let total = Int(total), index >= 0,
            let shard = Shard("\(index.addingReportingOverflow(1).partialValue)/\(total)")
        else {
            throw ConfigurationError(
                file: "environment",
                message:
                    "JOB_COMPLETION_INDEX=\(Sanitised.text(index, limit: 40)) and JOB_COMPLETIONS=\(Sanitised.text(total, limit: 40)) name no part; the index counts from 0 and is less than the completions"
            )
        }
        return shard
    }

    /// Every `count`-th element, so that parts are equally large.
    func part<Element>(of all: [Element]) -> [Element] {
        all.enumerated().filter { $0.offset % count == number - 1 }.map(\.element)
    }

    public var description: String { "\(number)/\(count)" }
}
