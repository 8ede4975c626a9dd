import NIOHTTP1

/// A request as it came over the wire, whole, with its path and query read.
struct HTTPRequest: Sendable {
    var method: HTTPMethod
    /// Path and query as they came.
    var target: String
    /// The segments of the path, decoded; an empty one stands for a slash at the end.
    var path: [String]
    /// Parameters in their order; a name may come several times.
    var query: [(name: String, value: String)]
    var headers: HTTPHeaders
    var body: [UInt8]

    /// - Returns: nil for a target that is no path, or whose escapes are broken.
    init?(_ head: HTTPRequestHead, body: [UInt8]) {
        guard head.uri.hasPrefix("/") else { return nil }
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for part in parts[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let segment = Self.decoded(part, plusIsSpace: false) else { return nil }
            path.append(segment)
        }
        guard let query = Self.parameters(parts.count > 1 ? parts[1] : "") else { return nil }
        method = head.method
        target = head.uri
        self.path = path
        self.query = query
        headers = head.headers
        self.body = body
    }

    /// The parameters of a query or a form, decoded; nil if its escapes are broken.
    static func parameters(_ text: Substring) -> [(name: String, value: String)]? {
        var found: [(name: String, value: String)] = []
        for pair in text.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(sides[0], plusIsSpace: true),
                let value = decoded(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
            else { return nil }
            found.append((name, value))
        }
        return found
    }

    /// The first parameter of a name.
    func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// All parameters of a name, in their order.
    func parameters(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }

    /// Whether a parameter says yes, as Go's `strconv.ParseBool` and url queries have it: `true`, `1`, or only its name.
    func flag(_ name: String) -> Bool {
        guard let value = parameter(name) else { return false }
        return !["false", "0", "f", "F", "False", "FALSE"].contains(value)
    }

    private static func decoded(_ text: Substring, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal)
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(32)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
