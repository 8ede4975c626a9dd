/// Label `pod-template-hash`, by which a Deployment tells its ReplicaSets apart.
public enum PodTemplateHash {
    /// The characters of a hash: no vowels and no digits that look like them, so that no word appears by chance.
    static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

    /// The hash of a template given as bytes (the real controller hashes Go's print of the struct), with the
    /// Deployment's `collisionCount` if it has one.
    public static func hash(template: some Sequence<UInt8>, collisionCount: Int32? = nil) -> String {
        var hash: UInt32 = 2_166_136_261
        for byte in template { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        if let collisionCount {
            // Eight bytes, of which the upper four are never set.
            for index in 0..<8 {
                let byte = index < 4 ? UInt8(truncatingIfNeeded: collisionCount >> Int32(8 * index)) : 0
                hash = (hash ^ UInt32(byte)) &* 16_777_619
            }
        }
        return safeEncoded(String(hash))
    }

    /// Each character replaced by one of the alphabet (`rand.SafeEncodeString`).
    public static func safeEncoded(_ text: String) -> String {
        String(decoding: text.utf8.map { alphabet[Int($0) % alphabet.count] }, as: UTF8.self)
    }
}
