/// A regular expression as Go's package of that name knows it (RE2), in the parts that schemas use: literals, classes,
/// groups, alternatives, repetitions and the two anchors. It takes time in proportion to pattern and text, whatever
/// both are.
struct PatternMatcher: Sendable {
    /// Why a pattern cannot be used.
    struct Unsupported: Error {}

    private enum Step: Sendable {
        case set([ClosedRange<UInt32>], isNegated: Bool)
        case split(Int, Int)
        case jump(Int)
        case begin
        case end
        case match
    }

    private indirect enum Node {
        case empty
        case set([ClosedRange<UInt32>], Bool)
        case begin
        case end
        case sequence([Node])
        case choice([Node])
        case repeated(Node, least: Int, most: Int?)
    }

    private var program: [Step] = []
    private static let programLimit = 5_000

    /// - Throws: `Unsupported`.
    init(_ pattern: String) throws(Unsupported) {
        var parser = Parser(text: Array(pattern.unicodeScalars.map(\.value)))
        let node = try parser.choice(0)
        guard parser.place == parser.text.count else { throw Unsupported() }
        try compile(node)
        program.append(.match)
    }

    /// Whether the pattern is found anywhere in a text.
    func matches(_ text: String) -> Bool {
        let scalars = text.unicodeScalars.map(\.value)
        var current: [Int] = []
        for place in 0...scalars.count {
            var marked = [Bool](repeating: false, count: program.count)
            var next: [Int] = []
            for step in current { follow(step, place, scalars.count, &marked, &next) }
            // An attempt may begin at every place.
            follow(0, place, scalars.count, &marked, &next)
            if next.contains(where: { if case .match = program[$0] { true } else { false } }) { return true }
            guard place < scalars.count else { return false }
            current = next.compactMap { step in
                guard case .set(let ranges, let isNegated) = program[step] else { return nil }
                return ranges.contains { $0.contains(scalars[place]) } != isNegated ? step + 1 : nil
            }
        }
        return false
    }

    /// The steps that consume something or match, reached from one without consuming anything.
    private func follow(_ first: Int, _ place: Int, _ count: Int, _ marked: inout [Bool], _ found: inout [Int]) {
        var pending = [first]
        while let step = pending.popLast() {
            guard !marked[step] else { continue }
            marked[step] = true
            switch program[step] {
            case .set, .match: found.append(step)
            case .jump(let target): pending.append(target)
            case .split(let one, let other): pending += [one, other]
            case .begin: if place == 0 { pending.append(step + 1) }
            case .end: if place == count { pending.append(step + 1) }
            }
        }
    }

    private mutating func compile(_ node: Node) throws(Unsupported) {
        guard program.count < Self.programLimit else { throw Unsupported() }
        switch node {
        case .empty: break
        case .set(let ranges, let isNegated): program.append(.set(ranges, isNegated: isNegated))
        case .begin: program.append(.begin)
        case .end: program.append(.end)
        case .sequence(let nodes): for node in nodes { try compile(node) }
        case .choice(let nodes):
            var exits: [Int] = []
            for (index, node) in nodes.enumerated() {
                guard index < nodes.count - 1 else {
                    try compile(node)
                    continue
                }
                let split = program.count
                program.append(.jump(0))
                try compile(node)
                exits.append(program.count)
                program.append(.jump(0))
                program[split] = .split(split + 1, program.count)
            }
            for exit in exits { program[exit] = .jump(program.count) }
        case .repeated(let node, let least, let most):
            for _ in 0..<least { try compile(node) }
            guard let most else {
                let split = program.count
                program.append(.jump(0))
                try compile(node)
                program.append(.jump(split))
                program[split] = .split(split + 1, program.count)
                return
            }
            var splits: [Int] = []
            for _ in least..<max(least, most) {
                splits.append(program.count)
                program.append(.jump(0))
                try compile(node)
            }
            for split in splits { program[split] = .split(split + 1, program.count) }
        }
    }

    private struct Parser {
        let text: [UInt32]
        var place = 0

        private var next: UInt32? { place < text.count ? text[place] : nil }
        private func letter(_ scalar: Unicode.Scalar) -> UInt32 { scalar.value }

        mutating func choice(_ depth: Int) throws(Unsupported) -> Node {
            guard depth < 100 else { throw Unsupported() }
            var branches = [try sequence(depth)]
            while next == letter("|") {
                place += 1
                branches.append(try sequence(depth))
            }
            return branches.count == 1 ? branches[0] : .choice(branches)
        }

        private mutating func sequence(_ depth: Int) throws(Unsupported) -> Node {
            var nodes: [Node] = []
            while let scalar = next, scalar != letter("|"), scalar != letter(")") {
                nodes.append(try repetition(try atom(depth)))
            }
            return nodes.isEmpty ? .empty : .sequence(nodes)
        }

        private mutating func repetition(_ node: Node) throws(Unsupported) -> Node {
            var node = node
            var isFirst = true
            while let scalar = next {
                let bounds: (Int, Int?)
                switch scalar {
                case letter("*"): bounds = (0, nil)
                case letter("+"): bounds = (1, nil)
                case letter("?"): bounds = (0, 1)
                case letter("{"):
                    guard let found = counted() else { return node }
                    bounds = found
                    guard max(bounds.0, bounds.1 ?? 0) <= 1000 else { throw Unsupported() }
                    place -= 1
                default: return node
                }
                guard isFirst else { throw Unsupported() }
                isFirst = false
                place += 1
                // A lazy repetition matches the same texts.
                if next == letter("?") { place += 1 }
                node = .repeated(node, least: bounds.0, most: bounds.1)
            }
            return node
        }

        /// `{2}`, `{2,}`, `{2,5}`; anything else is literal text.
        private mutating func counted() -> (Int, Int?)? {
            guard let close = text[place...].firstIndex(of: letter("}")), close - place <= 12 else { return nil }
            let body = String(String.UnicodeScalarView(text[(place + 1)..<close].compactMap(Unicode.Scalar.init)))
            let parts = body.split(separator: ",", omittingEmptySubsequences: false)
            guard let first = parts.first, let least = Int(first), least >= 0, parts.count <= 2 else { return nil }
            var most: Int? = least
            if parts.count == 2 {
                most = Int(parts[1])
                if most == nil, !parts[1].isEmpty { return nil }
                if let most, most < least { return nil }
            }
            place = close + 1
            return (least, most)
        }

        private mutating func atom(_ depth: Int) throws(Unsupported) -> Node {
            guard let scalar = next else { throw Unsupported() }
            place += 1
            switch scalar {
            case letter("^"): return .begin
            case letter("$"): return .end
            case letter("."): return .set([10...10], true)
            case letter("("):
                if next == letter("?") {
                    guard place + 1 < text.count, text[place + 1] == letter(":") else { throw Unsupported() }
                    place += 2
                }
                let inner = try choice(depth + 1)
                guard next == letter(")") else { throw Unsupported() }
                place += 1
                return inner
            case letter("["): return try characterClass()
            case letter("\\"):
                let (ranges, isNegated) = try escape()
                return .set(ranges, isNegated)
            case letter("*"), letter("+"), letter("?"), letter(")"): throw Unsupported()
            default: return .set([scalar...scalar], false)
            }
        }

        private static let digits: [ClosedRange<UInt32>] = [48...57]
        private static let words: [ClosedRange<UInt32>] = [48...57, 65...90, 95...95, 97...122]
        private static let blanks: [ClosedRange<UInt32>] = [9...10, 12...13, 32...32]

        private mutating func escape() throws(Unsupported) -> ([ClosedRange<UInt32>], Bool) {
            guard let scalar = next else { throw Unsupported() }
            place += 1
            switch scalar {
            case letter("d"): return (Self.digits, false)
            case letter("D"): return (Self.digits, true)
            case letter("w"): return (Self.words, false)
            case letter("W"): return (Self.words, true)
            case letter("s"): return (Self.blanks, false)
            case letter("S"): return (Self.blanks, true)
            case letter("n"): return ([10...10], false)
            case letter("t"): return ([9...9], false)
            case letter("r"): return ([13...13], false)
            default:
                // Letters and digits with a backslash mean something else (`\b`, `\p{…}`).
                guard !Self.words.contains(where: { $0.contains(scalar) }) else { throw Unsupported() }
                return ([scalar...scalar], false)
            }
        }

        private mutating func characterClass() throws(Unsupported) -> Node {
            let isNegated = next == letter("^")
            if isNegated { place += 1 }
            var ranges: [ClosedRange<UInt32>] = []
            var isFirst = true
            while let scalar = next, scalar != letter("]") || isFirst {
                isFirst = false
                place += 1
                guard scalar != letter("[") || next != letter(":") else { throw Unsupported() }
                var low = scalar
                if scalar == letter("\\") {
                    let (set, negated) = try escape()
                    guard !negated else { throw Unsupported() }
                    guard set.count == 1, let only = set.first, only.count == 1 else {
                        ranges += set
                        continue
                    }
                    low = only.lowerBound
                }
                guard next == letter("-"), place + 1 < text.count, text[place + 1] != letter("]") else {
                    ranges.append(low...low)
                    continue
                }
                place += 1
                var high = text[place]
                place += 1
                if high == letter("\\") {
                    let (set, negated) = try escape()
                    guard !negated, set.count == 1, let only = set.first, only.count == 1 else { throw Unsupported() }
                    high = only.lowerBound
                }
                guard low <= high else { throw Unsupported() }
                ranges.append(low...high)
            }
            guard next == letter("]") else { throw Unsupported() }
            place += 1
            return .set(ranges, isNegated)
        }
    }
}
