/// Texts as Go's `fmt` prints them.
public enum GoText {
    /// `%q`: double quotes, Go's escapes for what cannot be printed.
    public static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "\u{7}": output += "\\a"
            case "\u{8}": output += "\\b"
            case "\u{b}": output += "\\v"
            case "\u{c}": output += "\\f"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7f {
                    output += "\\x" + hexadecimal(scalar.value, 2)
                } else if isPrintable(scalar) {
                    output.unicodeScalars.append(scalar)
                } else {
                    output +=
                        scalar.value > 0xffff
                        ? "\\U" + hexadecimal(scalar.value, 8) : "\\u" + hexadecimal(scalar.value, 4)
                }
            }
        }
        return output + "\""
    }

    /// `%f`: six digits after the point.
    static func fixed(_ value: Double) -> String {
        let millionths = Int64((abs(value) * 1e6).rounded(.toNearestOrEven).clamped)
        let fraction = "\(millionths % 1_000_000)"
        return (value < 0 ? "-" : "") + "\(millionths / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count)
            + fraction
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    private static func hexadecimal(_ value: UInt32, _ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Double {
    /// Within what an `Int64` can hold.
    fileprivate var clamped: Double { isNaN ? 0 : Swift.min(self, 9e18) }
}
