import KubernetesAPI

/// The hash of a pod template by which controllers know its revision: FNV-1a over the template's encoding, in the
/// letters that names may have (`pkg/util/hash`, `rand.SafeEncodeString`).
///
/// The real one hashes Go's print of the template; ours hashes the protobuf encoding, so the letters differ from a
/// real cluster's while everything that follows from equality holds.
enum TemplateHash {
    private static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

    static func text(of template: PodTemplateSpec, collisionCount: Int32? = nil) -> String {
        var template = template
        template.metadata.labels["pod-template-hash"] = nil
        var hash: UInt32 = 2_166_136_261
        for byte in template.protobufBytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        if let collisionCount {
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                hash = (hash ^ UInt32(truncatingIfNeeded: UInt64(bitPattern: Int64(collisionCount)) >> shift & 0xff)) &* 16_777_619
            }
        }
        return String(decoding: "\(hash)".utf8.map { alphabet[Int($0) % alphabet.count] }, as: UTF8.self)
    }
}
