/// Why a text is no quantity; the texts are those of `resource.ParseQuantity`.
public enum QuantityError: String, Error, Sendable, CustomStringConvertible {
    case format = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    case suffix = "unable to parse quantity's suffix"
    case number = "unable to parse numeric part of quantity"

    public var description: String { rawValue }
}

extension Quantity {
    /// Reads a quantity as the API server does, its oddities included: a missing number is 0.
    public init(parsing source: some StringProtocol) throws(QuantityError) {
        let bytes = Array(source.utf8)
        guard !bytes.isEmpty else { throw .format }
        var position = 0
        let negative = bytes[0] == UInt8(ascii: "-")
        if negative || bytes[0] == UInt8(ascii: "+") { position = 1 }
        func digits() -> ArraySlice<UInt8> {
            let start = position
            while position < bytes.count, (48...57).contains(bytes[position]) { position += 1 }
            return bytes[start..<position]
        }
        let whole = digits().drop { $0 == 48 }
        var fraction = bytes[0..<0]
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            fraction = digits()
        }
        let suffixStart = position
        while position < bytes.count, Self.suffixLetters.contains(bytes[position]) { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") { position += 1 }
        _ = digits()
        guard position == bytes.count else { throw .format }
        let suffix = String(decoding: bytes[suffixStart...], as: UTF8.self)
        guard let (base, exponent, format) = Self.interpret(suffix) else { throw .suffix }
        self = Self.assemble(
            whole: whole, fraction: fraction, negative: negative, base: base, exponent: exponent, format: format, text: String(source))
    }

    private static let suffixLetters = Array("eEinumkKMGTP".utf8)

    private static func interpret(_ suffix: String) -> (base: Int, exponent: Int, format: Format)? {
        let decimal = ["n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18]
        if let exponent = decimal[suffix] { return (10, exponent, .decimalSI) }
        let binary = ["Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60]
        if let exponent = binary[suffix] { return (2, exponent, .binarySI) }
        guard let first = suffix.utf8.first, first == UInt8(ascii: "e") || first == UInt8(ascii: "E"),
            let exponent = Int32(suffix.dropFirst())
        else { return nil }
        return (10, Int(exponent), .decimalExponent)
    }

    private static func assemble(
        whole: ArraySlice<UInt8>, fraction: ArraySlice<UInt8>, negative: Bool, base: Int, exponent: Int, format: Format, text: String
    ) -> Quantity {
        // 28 digits leave room for the binary factor within 128 bits; the rest moves the scale or is rounded up.
        var mantissa: Int128 = 0
        var taken = 0
        var dropped = 0
        var inexact = false
        for byte in [whole, fraction].joined() {
            if mantissa == 0, byte == 48, taken == 0 { continue }
            if taken < 28 {
                mantissa = mantissa * 10 + Int128(byte - 48)
                taken += 1
            } else {
                dropped += 1
                if byte != 48 { inexact = true }
            }
        }
        if inexact { mantissa += 1 }
        guard mantissa != 0 else { return Quantity(mantissa: 0, scale: 0, format: format, text: format == .decimalExponent ? "0" : nil) }
        var scale = dropped - fraction.count
        if base == 2 {
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: Int128(1) << Int128(exponent))
            mantissa = overflow ? .max : product
        } else {
            scale += exponent
        }
        let keepsText = isCanonicalEnough(mantissa, scale, base, exponent, hasWhole: !whole.isEmpty, hasFraction: !fraction.isEmpty)
        var quantity = Quantity(mantissa: negative ? -mantissa : mantissa, scale: scale, format: format)
        quantity = quantity.roundedUpToNano
        if base == 2 {
            let limit = Quantity(.max, format: .binarySI)
            if quantity > limit { return limit }
            if quantity < -limit { return -limit }
            // Less than one unit prints with decimal suffixes from then on.
            if abs(quantity.doubleValue) < 1 { return quantity.with(format: .decimalSI) }
        }
        return keepsText ? quantity.with(text: text) : quantity
    }

    /// Whether the text differs from the canonical one in looks only (`+1`, `007`, `1.`, `1E3`): then it is kept.
    private static func isCanonicalEnough(
        _ mantissa: Int128, _ scale: Int, _ base: Int, _ exponent: Int, hasWhole: Bool, hasFraction: Bool
    ) -> Bool {
        guard hasWhole, scale >= -9, mantissa <= Int128(Int64.max) else { return false }
        if base == 2 { return !hasFraction && (mantissa >> Int128(exponent)) % 1024 != 0 }
        return scale % 3 == 0 && mantissa % 1000 != 0
    }
}
