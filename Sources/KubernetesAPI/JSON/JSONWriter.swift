extension JSONValue {
    /// Compact JSON with the members in their own order.
    public var compactBytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output, indent: nil, depth: 0, sorted: false)
        return output
    }

    /// JSON as Go writes an object that it read as a map: members sorted by bytes.
    public func json(indented: Bool) -> String {
        var output: [UInt8] = []
        write(to: &output, indent: indented ? 4 : nil, depth: 0, sorted: true)
        return String(decoding: output, as: UTF8.self)
    }

    /// Writes compact JSON behind what is there.
    func writeCompact(to output: inout [UInt8]) { write(to: &output, indent: nil, depth: 0, sorted: false) }

    private func write(to output: inout [UInt8], indent: Int?, depth: Int, sorted: Bool) {
        func newline(_ depth: Int) {
            guard let indent else { return }
            output.append(10)
            output.append(contentsOf: repeatElement(32, count: indent * depth))
        }
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let flag): output.append(contentsOf: (flag ? "true" : "false").utf8)
        case .integer(let number): output.append(contentsOf: "\(number)".utf8)
        case .number(let number): output.append(contentsOf: Self.text(number).utf8)
        case .string(let text): Self.quote(text, into: &output)
        case .array(let elements):
            guard !elements.isEmpty else { return output.append(contentsOf: "[]".utf8) }
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                newline(depth + 1)
                element.write(to: &output, indent: indent, depth: depth + 1, sorted: sorted)
            }
            newline(depth)
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            guard !members.isEmpty else { return output.append(contentsOf: "{}".utf8) }
            output.append(UInt8(ascii: "{"))
            let names =
                sorted ? members.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } : Array(members.keys)
            for (index, name) in names.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                newline(depth + 1)
                Self.quote(name, into: &output)
                output.append(contentsOf: (indent == nil ? ":" : ": ").utf8)
                members[name]?.write(to: &output, indent: indent, depth: depth + 1, sorted: sorted)
            }
            newline(depth)
            output.append(UInt8(ascii: "}"))
        }
    }

    /// A number as Go's encoding/json prints it, as far as configuration has them.
    static func text(_ number: Double) -> String {
        guard number.isFinite else { return "null" }
        return GoNumber.json(number)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// Writes a string as Go's encoder does, which escapes for HTML too.
    static func quote(_ text: String, into output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): output.append(contentsOf: "\\\\".utf8)
            case 10: output.append(contentsOf: "\\n".utf8)
            case 13: output.append(contentsOf: "\\r".utf8)
            case 9: output.append(contentsOf: "\\t".utf8)
            case 0..<32, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
                // Go escapes these three as well, so that JSON can stand in HTML.
                output.append(contentsOf: "\\u00".utf8)
                output.append(digits[Int(byte >> 4)])
                output.append(digits[Int(byte & 15)])
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// The member of an object; nil for anything else.
    public subscript(_ name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The text of a string.
    public var string: String? { if case .string(let text) = self { text } else { nil } }
}
