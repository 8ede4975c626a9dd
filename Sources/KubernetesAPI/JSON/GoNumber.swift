/// Floating-point numbers in the words of Go's `strconv`.
enum GoNumber {
    /// `FormatFloat(number, 'g', -1, …)`: the shortest digits that read back as the same number, with an exponent below
    /// 1e-4 and from 1e6 on.
    static func shortest(_ number: Double, single: Bool = false) -> String {
        let (digits, exponent) = decimal(number, single: single)
        let sign = number.sign == .minus ? "-" : ""
        if exponent < -4 || exponent >= 6 { return sign + scientific(digits, exponent) }
        return sign + plain(digits, exponent)
    }

    /// What `encoding/json` prints: plain digits from 1e-6 up to 1e21, an exponent without leading zeros beyond.
    static func json(_ number: Double) -> String {
        let (digits, exponent) = decimal(number, single: false)
        let sign = number.sign == .minus ? "-" : ""
        if number != 0, exponent < -6 || exponent >= 21 {
            let text = scientific(digits, exponent)
            // e-09 becomes e-9.
            let padded = text.utf8.suffix(4)
            if padded.starts(with: "e-0".utf8) { return sign + text.dropLast(2) + text.suffix(1) }
            return sign + text
        }
        return sign + plain(digits, exponent)
    }

    /// The shortest digits and the power of ten of the first one: 123.4 is ("1234", 2).
    private static func decimal(_ number: Double, single: Bool) -> (digits: [UInt8], exponent: Int) {
        let text = single ? "\(Float(number).magnitude)" : "\(number.magnitude)"
        var digits: [UInt8] = []
        var point: Int?
        var power = 0
        var bytes = text.utf8[...]
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "."): point = digits.count
            case UInt8(ascii: "e"):
                power = Int(String(Substring(bytes)).replacing("+", with: "")) ?? 0; bytes = bytes.suffix(0)
            default: digits.append(byte)
            }
        }
        var exponent = (point ?? digits.count) - 1 + power
        let zeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
        if zeros == digits.count { return ([UInt8(ascii: "0")], 0) }
        digits.removeFirst(zeros)
        exponent -= zeros
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return (digits, exponent)
    }

    private static func scientific(_ digits: [UInt8], _ exponent: Int) -> String {
        var text = [digits[0]]
        if digits.count > 1 { text += [UInt8(ascii: ".")] + digits[1...] }
        let magnitude = "\(exponent.magnitude)"
        return String(decoding: text, as: UTF8.self) + (exponent < 0 ? "e-" : "e+")
            + (magnitude.utf8.count < 2 ? "0" : "") + magnitude
    }

    private static func plain(_ digits: [UInt8], _ exponent: Int) -> String {
        let zero = UInt8(ascii: "0")
        var text: [UInt8]
        if exponent < 0 {
            text = [zero, UInt8(ascii: ".")] + Array(repeating: zero, count: -exponent - 1) + digits
        } else if digits.count <= exponent + 1 {
            text = digits + Array(repeating: zero, count: exponent + 1 - digits.count)
        } else {
            text = Array(digits[...exponent]) + [UInt8(ascii: ".")] + digits[(exponent + 1)...]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
