import KubernetesAPI

/// The order that `--sort-by` asks for.
enum ObjectOrder {
    /// Whether one value of a field comes before another: numbers and quantities by amount, texts as people read them.
    static func precedes(_ left: JSONValue?, _ right: JSONValue?) -> Bool {
        switch (left, right) {
        case (nil, nil), (_?, nil): false
        case (nil, _?): true
        case (.integer(let a)?, .integer(let b)?): a < b
        case (.integer(let a)?, .number(let b)?): Double(a) < b
        case (.number(let a)?, .integer(let b)?): a < Double(b)
        case (.number(let a)?, .number(let b)?): a < b
        case (.bool(let a)?, .bool(let b)?): !a && b
        case (.string(let a)?, .string(let b)?):
            if let first = try? Quantity(parsing: a), let second = try? Quantity(parsing: b) {
                first < second
            } else {
                natural(a, b)
            }
        case (let a?, let b?): a.json(indented: false).utf8.lexicographicallyPrecedes(b.json(indented: false).utf8)
        }
    }

    /// Runs of digits compare by their number: `web-2` before `web-10`.
    static func natural(_ left: String, _ right: String) -> Bool {
        let (a, b) = (Array(left.utf8), Array(right.utf8))
        var (i, j) = (0, 0)
        func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
        while i < a.count, j < b.count {
            if isDigit(a[i]), isDigit(b[j]) {
                let first = a[i...].prefix(while: isDigit).drop { $0 == 48 }
                let second = b[j...].prefix(while: isDigit).drop { $0 == 48 }
                if first.count != second.count { return first.count < second.count }
                if !first.elementsEqual(second) { return first.lexicographicallyPrecedes(second) }
                i += a[i...].prefix(while: isDigit).count
                j += b[j...].prefix(while: isDigit).count
            } else {
                if a[i] != b[j] { return a[i] < b[j] }
                i += 1
                j += 1
            }
        }
        return a.count - i < b.count - j
    }

    static func sorted(_ objects: [JSONValue], by path: JSONPathTemplate) throws(CommandFailure) -> [JSONValue] {
        var keyed: [(key: JSONValue?, object: JSONValue)] = []
        for object in objects {
            do { keyed.append((try path.values(in: object).first, object)) } catch {
                throw CommandFailure(error.message)
            }
        }
        if !objects.isEmpty, keyed.allSatisfy({ $0.key == nil }) {
            throw CommandFailure("couldn't find any field with path \"\(path.text)\" in the list of objects")
        }
        // Equal keys keep their order.
        return keyed.enumerated().sorted { left, right in
            if precedes(left.element.key, right.element.key) { return true }
            if precedes(right.element.key, left.element.key) { return false }
            return left.offset < right.offset
        }.map(\.element.object)
    }
}
