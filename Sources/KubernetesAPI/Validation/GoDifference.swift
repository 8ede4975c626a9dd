/// What changed between two internal objects, as `diff.Diff` prints it: their JSON with one blank of indentation, compared
/// line by line as Python's `difflib` does, in unified form without file names.
enum GoDifference {
    static func text(_ old: JSONValue, _ new: JSONValue) -> String {
        unified(lines(old), lines(new))
    }

    /// `json.MarshalIndent(value, "", " ")`
    static func lines(_ value: JSONValue) -> [String] {
        var lines: [String] = []
        func scalar(_ value: JSONValue) -> String { String(decoding: value.compactBytes, as: UTF8.self) }
        func write(_ value: JSONValue, _ prefix: String, _ depth: Int, _ suffix: String) {
            let indent = String(repeating: " ", count: depth)
            switch value {
            case .object(let members) where !members.isEmpty:
                lines.append(indent + prefix + "{")
                for (index, (name, member)) in members.enumerated() {
                    write(member, scalar(.string(name)) + ": ", depth + 1, index == members.count - 1 ? "" : ",")
                }
                lines.append(indent + "}" + suffix)
            case .array(let elements) where !elements.isEmpty:
                lines.append(indent + prefix + "[")
                for (index, element) in elements.enumerated() {
                    write(element, "", depth + 1, index == elements.count - 1 ? "" : ",")
                }
                lines.append(indent + "]" + suffix)
            default: lines.append(indent + prefix + scalar(value) + suffix)
            }
        }
        write(value, "", 0, "")
        return lines
    }

    static func unified(_ old: [String], _ new: [String], context: Int = 3) -> String {
        let blocks = matchingBlocks(old, new)
        var operations: [Operation] = []
        var (i, j) = (0, 0)
        for block in blocks + [Block(old: old.count, new: new.count, count: 0)] {
            if i < block.old || j < block.new {
                operations.append(Operation(isEqual: false, old: i..<block.old, new: j..<block.new))
            }
            if block.count > 0 {
                operations.append(
                    Operation(
                        isEqual: true, old: block.old..<(block.old + block.count),
                        new: block.new..<(block.new + block.count)))
            }
            (i, j) = (block.old + block.count, block.new + block.count)
        }
        var output: [String] = []
        for group in grouped(operations, context) {
            guard let first = group.first, let last = group.last else { continue }
            output.append(
                "@@ -\(range(first.old.lowerBound..<last.old.upperBound)) +\(range(first.new.lowerBound..<last.new.upperBound)) @@"
            )
            for operation in group {
                if operation.isEqual {
                    output += operation.old.map { " " + old[$0] }
                } else {
                    output += operation.old.map { "-" + old[$0] }
                    output += operation.new.map { "+" + new[$0] }
                }
            }
        }
        return output.map { $0 + "\n" }.joined()
    }

    private static func range(_ range: Range<Int>) -> String {
        switch range.count {
        case 1: "\(range.lowerBound + 1)"
        case 0: "\(range.lowerBound),0"
        default: "\(range.lowerBound + 1),\(range.count)"
        }
    }

    private struct Operation {
        var isEqual: Bool
        var old: Range<Int>
        var new: Range<Int>
    }

    struct Block {
        var old: Int
        var new: Int
        var count: Int
    }

    /// Cuts what is equal down to the context of the changes.
    private static func grouped(_ operations: [Operation], _ context: Int) -> [[Operation]] {
        var operations = operations
        guard operations.contains(where: { !$0.isEqual }) else { return [] }
        if let first = operations.first, first.isEqual {
            let keep = min(context, first.old.count)
            operations[0].old = (first.old.upperBound - keep)..<first.old.upperBound
            operations[0].new = (first.new.upperBound - keep)..<first.new.upperBound
        }
        if let last = operations.last, last.isEqual {
            let keep = min(context, last.old.count)
            operations[operations.count - 1].old = last.old.lowerBound..<(last.old.lowerBound + keep)
            operations[operations.count - 1].new = last.new.lowerBound..<(last.new.lowerBound + keep)
        }
        var groups: [[Operation]] = []
        var group: [Operation] = []
        for operation in operations {
            if operation.isEqual, operation.old.count > 2 * context {
                let (old, new) = (operation.old, operation.new)
                group.append(
                    Operation(
                        isEqual: true, old: old.lowerBound..<(old.lowerBound + context),
                        new: new.lowerBound..<(new.lowerBound + context)))
                groups.append(group)
                group = [
                    Operation(
                        isEqual: true, old: (old.upperBound - context)..<old.upperBound,
                        new: (new.upperBound - context)..<new.upperBound)
                ]
            } else {
                group.append(operation)
            }
        }
        if !group.isEmpty, !(group.count == 1 && group[0].isEqual) { groups.append(group) }
        return groups
    }

    /// The longest common runs, found from the longest on, left of it and right of it.
    private static func matchingBlocks(_ old: [String], _ new: [String]) -> [Block] {
        var places: [String: [Int]] = [:]
        for (index, line) in new.enumerated() { places[line, default: []].append(index) }
        // Lines that occur all over would make the search slow; `difflib` does not begin with them.
        if new.count >= 200 { places = places.filter { $0.value.count <= new.count / 100 + 1 } }
        var blocks: [Block] = []
        var open = [(0..<old.count, 0..<new.count)]
        while let (oldRange, newRange) = open.popLast() {
            let block = longestMatch(old, new, oldRange, newRange, places)
            guard block.count > 0 else { continue }
            blocks.append(block)
            open.append((oldRange.lowerBound..<block.old, newRange.lowerBound..<block.new))
            open.append(
                ((block.old + block.count)..<oldRange.upperBound, (block.new + block.count)..<newRange.upperBound))
        }
        blocks.sort { ($0.old, $0.new) < ($1.old, $1.new) }
        return blocks.reduce(into: []) { joined, block in
            if let last = joined.last, last.old + last.count == block.old, last.new + last.count == block.new {
                joined[joined.count - 1].count += block.count
            } else {
                joined.append(block)
            }
        }
    }

    private static func longestMatch(
        _ old: [String], _ new: [String], _ oldRange: Range<Int>, _ newRange: Range<Int>, _ places: [String: [Int]]
    ) -> Block {
        var best = Block(old: oldRange.lowerBound, new: newRange.lowerBound, count: 0)
        var lengths: [Int: Int] = [:]
        for i in oldRange {
            var next: [Int: Int] = [:]
            for j in places[old[i]] ?? [] where newRange.contains(j) {
                let length = (lengths[j - 1] ?? 0) + 1
                next[j] = length
                if length > best.count { best = Block(old: i - length + 1, new: j - length + 1, count: length) }
            }
            lengths = next
        }
        while best.old > oldRange.lowerBound, best.new > newRange.lowerBound, old[best.old - 1] == new[best.new - 1] {
            best = Block(old: best.old - 1, new: best.new - 1, count: best.count + 1)
        }
        while best.old + best.count < oldRange.upperBound, best.new + best.count < newRange.upperBound,
            old[best.old + best.count] == new[best.new + best.count]
        {
            best.count += 1
        }
        return best
    }
}
