/// A regular expression as instructions of a virtual machine that follows all possibilities at once (Pike's): a match
/// takes at most (length of the text × length of the program) steps, whatever the pattern.
struct RegexProgram: Sendable {
    enum Instruction: Sendable {
        case character(UInt32)
        case characters(CharacterRanges)
        /// Prefer the first.
        case split(Int, Int)
        case jump(Int)
        case save(Int)
        case assert(RegexNode)
        case match
    }

    private(set) var instructions: [Instruction] = []
    let groupNames: [String?]

    /// Programs longer than this are refused: nested repetitions make them.
    static let limit = 100_000

    init(_ node: RegexNode, groupNames: [String?], pattern: String) throws(RegexError) {
        self.groupNames = groupNames
        try emit(node, pattern)
        instructions.append(.match)
    }

    private mutating func emit(_ node: RegexNode, _ pattern: String) throws(RegexError) {
        if instructions.count > RegexProgram.limit {
            throw RegexError(code: "expression too large", expression: pattern)
        }
        switch node {
        case .empty: break
        case .nothing: instructions.append(.characters(CharacterRanges(ranges: [])))
        case .characters(let set):
            if set.ranges.count == 1, set.ranges[0].count == 1 {
                instructions.append(.character(set.ranges[0].lowerBound))
            } else {
                instructions.append(.characters(set))
            }
        case .beginText, .endText, .beginLine, .endLine, .wordBoundary, .noWordBoundary:
            instructions.append(.assert(node))
        case .group(let inner, let index):
            if let index { instructions.append(.save(index * 2)) }
            try emit(inner, pattern)
            if let index { instructions.append(.save(index * 2 + 1)) }
        case .sequence(let items):
            for item in items { try emit(item, pattern) }
        case .alternation(let branches):
            var ends: [Int] = []
            for (place, branch) in branches.enumerated() {
                if place == branches.count - 1 {
                    try emit(branch, pattern)
                    break
                }
                let split = instructions.count
                instructions.append(.split(split + 1, 0))
                try emit(branch, pattern)
                ends.append(instructions.count)
                instructions.append(.jump(0))
                instructions[split] = .split(split + 1, instructions.count)
            }
            for end in ends { instructions[end] = .jump(instructions.count) }
        case .repetition(let inner, let minimum, let maximum, let greedy):
            for _ in 0..<minimum { try emit(inner, pattern) }
            func branch(_ at: Int, _ into: Int, _ past: Int) -> Instruction {
                greedy ? .split(into, past) : .split(past, into)
            }
            guard let maximum else {
                let split = instructions.count
                instructions.append(.split(0, 0))
                try emit(inner, pattern)
                instructions.append(.jump(split))
                instructions[split] = branch(split, split + 1, instructions.count)
                return
            }
            var splits: [Int] = []
            for _ in minimum..<max(minimum, maximum) {
                splits.append(instructions.count)
                instructions.append(.split(0, 0))
                try emit(inner, pattern)
            }
            for split in splits { instructions[split] = branch(split, split + 1, instructions.count) }
        }
    }

    /// Whether the whole text matches.
    func matches(_ text: [UInt32]) -> Bool { run(text, captures: false) != nil }

    /// The ranges of the groups (as pairs of positions, -1 if not taken part) of a match of the whole text, preferring as
    /// Perl would; nil if it does not match.
    func captures(_ text: [UInt32]) -> [Int]? { run(text, captures: true) }

    private struct ThreadList {
        var dense: [Int] = []
        var sparse: [Int]
        var saved: [[Int]] = []

        init(_ count: Int) {
            sparse = [Int](repeating: -1, count: count)
            dense.reserveCapacity(count)
        }

        func contains(_ pc: Int) -> Bool { sparse[pc] >= 0 && sparse[pc] < dense.count && dense[sparse[pc]] == pc }

        mutating func clear() {
            dense.removeAll(keepingCapacity: true)
            saved.removeAll(keepingCapacity: true)
        }
    }

    private func run(_ text: [UInt32], captures: Bool) -> [Int]? {
        var current = ThreadList(instructions.count)
        var next = ThreadList(instructions.count)
        var stack: [(pc: Int, restore: (slot: Int, value: Int)?)] = []
        var slots = captures ? [Int](repeating: -1, count: groupNames.count * 2) : []
        var result: [Int]?
        add(0, 0, text, &current, &stack, &slots)
        var position = 0
        while true {
            if current.dense.isEmpty { return nil }
            for (place, pc) in current.dense.enumerated() {
                switch instructions[pc] {
                case .character(let wanted):
                    guard position < text.count, text[position] == wanted else { continue }
                case .characters(let set):
                    guard position < text.count, set.contains(text[position]) else { continue }
                case .match:
                    // Only a match of the whole text counts; the first thread is the preferred one.
                    if position == text.count, result == nil {
                        result = captures ? current.saved[place] : []
                    }
                    continue
                case .split, .jump, .save, .assert: continue
                }
                if captures { slots = current.saved[place] }
                add(pc + 1, position + 1, text, &next, &stack, &slots)
            }
            if position == text.count { return result }
            swap(&current, &next)
            next.clear()
            position += 1
        }
    }

    /// Follows the empty moves from an instruction, in order of preference.
    private func add(
        _ pc: Int, _ position: Int, _ text: [UInt32], _ list: inout ThreadList,
        _ stack: inout [(pc: Int, restore: (slot: Int, value: Int)?)], _ slots: inout [Int]
    ) {
        stack.append((pc, nil))
        while let entry = stack.popLast() {
            if let restore = entry.restore {
                slots[restore.slot] = restore.value
                continue
            }
            if list.contains(entry.pc) { continue }
            list.sparse[entry.pc] = list.dense.count
            list.dense.append(entry.pc)
            if !slots.isEmpty { list.saved.append(slots) }
            switch instructions[entry.pc] {
            case .split(let first, let second):
                stack.append((second, nil))
                stack.append((first, nil))
            case .jump(let target): stack.append((target, nil))
            case .save(let slot):
                if slot < slots.count {
                    stack.append((entry.pc, (slot, slots[slot])))
                    slots[slot] = position
                }
                stack.append((entry.pc + 1, nil))
            case .assert(let condition):
                if RegexProgram.holds(condition, position, text) { stack.append((entry.pc + 1, nil)) }
            case .character, .characters, .match: break
            }
        }
    }

    private static func holds(_ condition: RegexNode, _ position: Int, _ text: [UInt32]) -> Bool {
        func isWord(_ place: Int) -> Bool {
            guard place >= 0, place < text.count else { return false }
            let value = text[place]
            return (48...57).contains(value) || (65...90).contains(value) || value == 95 || (97...122).contains(value)
        }
        switch condition {
        case .beginText: return position == 0
        case .endText: return position == text.count
        case .beginLine: return position == 0 || text[position - 1] == 10
        case .endLine: return position == text.count || text[position] == 10
        case .wordBoundary: return isWord(position - 1) != isWord(position)
        case .noWordBoundary: return isWord(position - 1) == isWord(position)
        default: return false
        }
    }
}
