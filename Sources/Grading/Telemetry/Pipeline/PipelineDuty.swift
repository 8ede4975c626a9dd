import Lab
import Simulation

/// That a hand-in says what is kept of the telemetry: its queries are asked of what the policy keeps, and it is billed.
public struct PipelineDuty: Sendable, Decodable {
    /// The hand-in file with the policy.
    public var policy: String

    enum CodingKeys: String, CodingKey, CaseIterable { case policy }

    public init(from decoder: any Decoder) throws {
        policy = try decoder.strict(CodingKeys.self).decode(String.self, forKey: .policy)
    }

    /// What makes the file unusable.
    func faults(in file: Submission.File) -> [ConfigurationError] {
        do { _ = try TelemetryPolicy(parsing: file.text, file: file.name) } catch {
            return [error as? ConfigurationError ?? ConfigurationError(file: file.name, message: "\(error)")]
        }
        return []
    }

    /// The policy of a hand-in, and by what it is known.
    func policy(of submission: Submission) -> (policy: TelemetryPolicy, key: String)? {
        guard let text = submission.files.first(where: { $0.name == policy })?.text,
            let parsed = try? TelemetryPolicy(parsing: text, file: policy)
        else { return nil }
        return (parsed, String(SHA256.hexadecimal(text.utf8).prefix(32)))
    }
}
