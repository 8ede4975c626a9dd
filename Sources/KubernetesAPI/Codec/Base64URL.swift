/// Base64 as URLs and tokens have it, without padding (RFC 4648, section 5).
public enum Base64URL {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    public static func text(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        var (held, bits) = (UInt32(0), 0)
        for byte in bytes {
            held = held << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                output.append(letters[Int(held >> UInt32(bits)) & 63])
            }
            held &= 63
        }
        if bits > 0 { output.append(letters[Int(held << UInt32(6 - bits)) & 63]) }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes of a text, padded or not.
    /// - Returns: nil if it has letters that do not belong there.
    public static func bytes(_ text: String) -> [UInt8]? {
        var output: [UInt8] = []
        var (held, bits) = (UInt32(0), 0)
        for letter in text.utf8 where letter != UInt8(ascii: "=") {
            guard let value = letters.firstIndex(of: letter) else { return nil }
            held = (held << 6 | UInt32(value)) & 0xffff
            bits += 6
            if bits >= 8 {
                bits -= 8
                output.append(UInt8(truncatingIfNeeded: held >> UInt32(bits)))
            }
        }
        return output
    }
}
