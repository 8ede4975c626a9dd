import PromQL

/// Sizes such as `10MB`. Units are powers of 1024, with or without the `i`.
enum ByteSize {
    struct ParseError: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// The bytes of a text; fails with the words of Prometheus' library.
    static func parse(_ text: String) throws(ParseError) -> Int {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(number.count)
        guard !number.isEmpty, let amount = GoFloat.parse(String(number)) else {
            throw ParseError(description: "units: invalid \(text)")
        }
        if unit.isEmpty, amount == 0 { return 0 }
        let units = ["B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4, "PB": 5, "EB": 6]
        guard let power = units[String(unit).replacing("iB", with: "B")] else {
            throw ParseError(description: "units: unknown unit \(unit) in \(text)")
        }
        let bytes = (0..<power).reduce(amount) { size, _ in size * 1024 }
        guard bytes < 9e18 else { throw ParseError(description: "units: invalid \(text)") }
        return Int(bytes)
    }
}
