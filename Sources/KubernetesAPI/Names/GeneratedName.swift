/// Names that the API server completes (`k8s.io/apiserver/pkg/storage/names`).
public enum GeneratedName {
    /// No vowels and no look-alikes (0, 1, 3), so that no suffix spells a word (`k8s.io/apimachinery/pkg/util/rand`).
    static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

    /// Characters of the suffix.
    public static let suffixLength = 5
    /// What is longer is cut, so that the name stays within 63 bytes.
    public static let maximumBaseLength = NameRules.maximumLabelLength - suffixLength

    /// `count` characters of the safe alphabet.
    public static func suffix(_ count: Int = suffixLength, using generator: inout some RandomNumberGenerator) -> String
    {
        var characters: [UInt8] = []
        characters.reserveCapacity(count)
        for _ in 0..<max(count, 0) {
            characters.append(alphabet[Int(generator.next(upperBound: UInt64(alphabet.count)))])
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// A name for `metadata.generateName`: the base, cut to 58 bytes, and a suffix.
    public static func name(base: String, using generator: inout some RandomNumberGenerator) -> String {
        let cut =
            base.utf8.count > maximumBaseLength
            ? String(decoding: base.utf8.prefix(maximumBaseLength), as: UTF8.self) : base
        return cut + suffix(using: &generator)
    }
}
