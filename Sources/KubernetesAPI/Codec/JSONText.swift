extension FieldValue {
    public func writeJSON(to output: inout [UInt8]) { jsonValue.writeCompact(to: &output) }
}

extension String {
    public func writeJSON(to output: inout [UInt8]) { JSONValue.quote(self, into: &output) }
}

extension Message {
    public func writeJSON(to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        writeMembers(to: &output, isFirst: true)
        output.append(UInt8(ascii: "}"))
    }

    /// - Returns: whether nothing was written and the next member is the first.
    @discardableResult
    func writeMembers(to output: inout [UInt8], isFirst: Bool) -> Bool {
        var writer = JSONTextWriter(schema: Self.schema, isFirst: isFirst)
        swap(&writer.output, &output)
        encode(to: &writer)
        swap(&writer.output, &output)
        return writer.isFirst
    }
}

extension KubernetesObject {
    public func writeJSON(to output: inout [UInt8]) { writeJSON(to: &output, withKind: true) }

    /// - Parameter withKind: items of typed lists do not say what they are.
    public func writeJSON(to output: inout [UInt8], withKind: Bool) {
        output.append(UInt8(ascii: "{"))
        if withKind {
            output += Array("\"apiVersion\":".utf8)
            JSONValue.quote(apiVersion ?? Self.resource.apiVersion, into: &output)
            output += Array(",\"kind\":".utf8)
            JSONValue.quote(kind ?? Self.resource.kind, into: &output)
        }
        writeMembers(to: &output, isFirst: !withKind)
        output.append(UInt8(ascii: "}"))
    }
}

/// Writes the members of one message as JSON text, leaving out what Go's `omitempty` leaves out, like
/// ``JSONFieldWriter``. A list of ten thousand pods is megabytes of text: a tree of values for each takes six times as
/// long.
struct JSONTextWriter: FieldWriter {
    let schema: MessageSchema
    var isFirst: Bool
    var output: [UInt8] = []

    init(schema: MessageSchema, isFirst: Bool) {
        self.schema = schema
        self.isFirst = isFirst
    }

    private mutating func begin(_ name: String) {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        isFirst = false
        JSONValue.quote(name, into: &output)
        output.append(UInt8(ascii: ":"))
    }

    private mutating func writeNull(_ name: String) {
        begin(name)
        output += Array("null".utf8)
    }

    mutating func write<Value: FieldValue>(_ field: Int, _ value: Value) {
        let row = schema.fields[field]
        guard row.required || row.type.message != nil || !value.isZero else { return }
        begin(row.name)
        value.writeJSON(to: &output)
    }

    mutating func write<Value: FieldValue>(_ field: Int, _ value: Value?) {
        let row = schema.fields[field]
        if let value {
            begin(row.name)
            value.writeJSON(to: &output)
        } else if row.writesNull {
            writeNull(row.name)
        }
    }

    mutating func write<Value: FieldValue>(_ field: Int, _ values: [Value]) {
        let row = schema.fields[field]
        guard !values.isEmpty else {
            if row.writesNull { writeNull(row.name) }
            return
        }
        begin(row.name)
        output.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            value.writeJSON(to: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    mutating func write<Value: FieldValue>(_ field: Int, _ values: [String: Value]) {
        guard !values.isEmpty else { return }
        begin(schema.fields[field].name)
        output.append(UInt8(ascii: "{"))
        var isFirstKey = true
        for key in values.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard let value = values[key] else { continue }
            if !isFirstKey { output.append(UInt8(ascii: ",")) }
            isFirstKey = false
            JSONValue.quote(key, into: &output)
            output.append(UInt8(ascii: ":"))
            value.writeJSON(to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    mutating func writeInline<Value: Message>(_ field: Int, _ value: Value) {
        isFirst = value.writeMembers(to: &output, isFirst: isFirst)
    }
}
