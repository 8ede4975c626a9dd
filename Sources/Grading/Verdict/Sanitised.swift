/// Text from a submission, made harmless: no control characters, no escape codes, no characters that reorder a line.
public enum Sanitised {
    /// - Parameters:
    ///   - text: anything.
    ///   - limit: most characters that are kept.
    ///   - keepsLines: whether line breaks stay.
    public static func text(_ text: String, limit: Int = 2_000, keepsLines: Bool = false) -> String {
        var result = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < limit else {
                result.append("…")
                break
            }
            count += 1
            switch scalar.value {
            case 0x0a where keepsLines: result.append(scalar)
            case 0x09, 0x0a, 0x0d: result.append(" ")
            // C0, DEL and C1: where escape sequences begin.
            case 0..<0x20, 0x7f...0x9f: result.append("\u{fffd}")
            // Marks and isolates that change the direction of what follows, invisible characters, tags.
            case 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff, 0xe0000...0xe007f: result.append("\u{fffd}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
