import PromQL

/// Loki's pattern: literal text and captures, `<ip> - - <_> "<method> <path>"`. `<_>` takes text and forgets it.
struct LinePattern: Sendable {
    enum Part: Sendable, Equatable {
        case literal(String)
        /// Empty for `<_>`.
        case capture(String)
    }
    let parts: [Part]

    /// What is wrong with a pattern, in the words of Loki's package `pattern`.
    struct Malformed: Error { let message: String }

    /// The pattern of the parser: it has at least one capture with a name.
    init(_ text: String) throws(Malformed) {
        parts = LinePattern.read(text)
        if parts.isEmpty {
            throw Malformed(message: "syntax error: unexpected $end, expecting IDENTIFIER or LITERAL")
        }
        var names: [String] = []
        for case .capture(let name) in parts where !name.isEmpty {
            if names.contains(name) {
                throw Malformed(message: "duplicate capture name (\(name)): invalid expression")
            }
            names.append(name)
        }
        try LinePattern.checkNeighbours(parts)
        if names.isEmpty { throw Malformed(message: "at least one capture is required") }
    }

    /// The pattern of a line filter: only `<_>` may stand for text.
    init(filter text: String) throws(Malformed) {
        parts = LinePattern.read(text)
        for case .capture(let name) in parts where !name.isEmpty {
            throw Malformed(message: "named captures are not allowed: found '<\(name)>'")
        }
        try LinePattern.checkNeighbours(parts)
    }

    private static func checkNeighbours(_ parts: [Part]) throws(Malformed) {
        for (before, after) in zip(parts, parts.dropFirst()) {
            if case .capture(let left) = before, case .capture(let right) = after {
                func shown(_ name: String) -> String { "<" + (name.isEmpty ? "_" : name) + ">" }
                throw Malformed(
                    message: "found consecutive capture '\(shown(left))\(shown(right))': invalid expression")
            }
        }
    }

    private static func read(_ text: String) -> [Part] {
        var parts: [Part] = []
        var literal = String.UnicodeScalarView()
        let scalars = Array(text.unicodeScalars)
        var place = 0
        func isName(_ name: ArraySlice<Unicode.Scalar>) -> Bool {
            guard let first = name.first, first == "_" || (first.isASCII && first.properties.isAlphabetic) else {
                return false
            }
            return name.allSatisfy {
                $0 == "_" || ("0"..."9").contains($0) || ($0.isASCII && $0.properties.isAlphabetic)
            }
        }
        while place < scalars.count {
            if scalars[place] == "<", let end = scalars[place...].firstIndex(of: ">"),
                isName(scalars[(place + 1)..<end])
            {
                if !literal.isEmpty { parts.append(.literal(String(literal))) }
                literal = String.UnicodeScalarView()
                let name = String(String.UnicodeScalarView(scalars[(place + 1)..<end]))
                parts.append(.capture(name == "_" ? "" : name))
                place = end + 1
            } else {
                literal.append(scalars[place])
                place += 1
            }
        }
        if !literal.isEmpty { parts.append(.literal(String(literal))) }
        return parts
    }

    /// The named captures of a line. A literal that is not there ends the match; what was found before it counts.
    func captures(_ line: String) -> [(name: String, text: String)] {
        let bytes = Array(line.utf8)
        var position = 0
        var found: [(name: String, text: String)] = []
        for (index, part) in parts.enumerated() {
            switch part {
            case .literal(let text):
                // The first literal must begin the line; the others were found by the capture before them.
                if index == 0 {
                    guard let place = LinePattern.find(Array(text.utf8), in: bytes, from: 0) else { return [] }
                    guard place == 0 else { return [] }
                    position = text.utf8.count
                }
            case .capture(let name):
                guard index + 1 < parts.count, case .literal(let next) = parts[index + 1] else {
                    if !name.isEmpty { found.append((name, String(decoding: bytes[position...], as: UTF8.self))) }
                    return found
                }
                let wanted = Array(next.utf8)
                guard let place = LinePattern.find(wanted, in: bytes, from: position) else {
                    if !name.isEmpty { found.append((name, String(decoding: bytes[position...], as: UTF8.self))) }
                    return found
                }
                if !name.isEmpty { found.append((name, String(decoding: bytes[position..<place], as: UTF8.self))) }
                position = place + wanted.count
            }
        }
        return found
    }

    /// The literals stand in the line in their order, the first at its beginning unless `<_>` is before it, the last at
    /// its end unless `<_>` is behind it.
    func occurs(in line: String) -> Bool {
        let bytes = Array(line.utf8)
        if parts.isEmpty { return bytes.isEmpty }
        var position = 0
        for (index, part) in parts.enumerated() {
            guard case .literal(let text) = part else { continue }
            let wanted = Array(text.utf8)
            if index == parts.count - 1, index > 0 {
                guard bytes.count - wanted.count >= position else { return false }
                return bytes[(bytes.count - wanted.count)...].elementsEqual(wanted)
            }
            guard let place = LinePattern.find(wanted, in: bytes, from: position), index > 0 || place == 0 else {
                return false
            }
            position = place + wanted.count
        }
        if case .capture = parts[parts.count - 1] { return true }
        return position == bytes.count
    }

    private static func find(_ wanted: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard !wanted.isEmpty else { return start }
        var place = start
        while place + wanted.count <= bytes.count {
            if bytes[place] == wanted[0], bytes[place..<(place + wanted.count)].elementsEqual(wanted) { return place }
            place += 1
        }
        return nil
    }
}
