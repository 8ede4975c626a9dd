import Foundation
import Lab

/// What earlier verifications found out, by content: the same program, exercise, answer and seeds give the same outcome.
public struct VerificationMemory: Sendable {
    /// Where it is kept.
    public var folder: String
    /// Fingerprint of the program.
    public var binary: String

    /// - Returns: nil if the folder cannot be made.
    public init?(folder: String, binary: String) {
        guard !binary.isEmpty,
            (try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)) != nil
        else { return nil }
        self.folder = folder
        self.binary = binary
    }

    func key(_ exercise: Exercise, _ submission: Submission, _ seeds: [UInt64], _ extent: TrialExtent) -> String {
        let parts = [
            "verification 1", binary, exercise.hash, submission.hash, extent.description,
            seeds.map { "\($0)" }.joined(separator: " "),
        ]
        return SHA256.hexadecimal(parts.joined(separator: "\n").utf8)
    }

    func recall(_ key: String) -> GroupOutcome? {
        FileManager.default.contents(atPath: folder + "/" + key).flatMap {
            try? JSONDecoder().decode(GroupOutcome.self, from: $0)
        }
    }

    /// A memory that cannot be written is only slower.
    func keep(_ outcome: GroupOutcome, _ key: String) {
        guard let data = try? JSONEncoder().encode(outcome) else { return }
        try? data.write(to: URL(fileURLWithPath: folder + "/" + key), options: .atomic)
    }
}
