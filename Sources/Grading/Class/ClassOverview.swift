import Lab

/// A class's verdicts side by side, equal mistakes together.
public struct ClassOverview: Sendable {
    public var manifest: ClassManifest
    /// In the order of names.
    public var entries: [ClassEntry]

    public init(manifest: ClassManifest, entries: [ClassEntry]) {
        self.manifest = manifest
        self.entries = entries.sorted { $0.student.utf8.lexicographicallyPrecedes($1.student.utf8) }
    }

    /// Those who made the same mistake: failed the same criteria in the same way, or cannot be graded for the same reason.
    public struct Group: Sendable, Equatable {
        /// Titles of the failed criteria, or why there is no grade.
        public var reasons: [String]
        /// Criteria that failed, by id; empty where there is no grade.
        public var criteria: [String]
        public var students: [String]
        /// What one of them was told.
        public var example: [String]
        public var status: Verdict.Status
        /// What was seen of each failed criterion, in the order of ``criteria``, amounts blotted out.
        var seen: [String] = []
        /// The same as one of them was told.
        var words: [String] = []
        /// Where others failed in the same criteria in another way: in what these differ, in words; else empty.
        public var distinction = ""
    }

    public var graded: [ClassEntry] { entries.filter { $0.status == .graded } }
    public var withoutGrade: [ClassEntry] { entries.filter { $0.status != .graded } }
    public var maximumPoints: Int { manifest.criteria.reduce(0) { $0 + $1.points } }

    /// Groups of those without full points, the largest first, then by the first name.
    public var groups: [Group] {
        var order: [String] = []
        var groups: [String: Group] = [:]
        for entry in entries where !entry.isPassed {
            let (key, group) = Self.mistake(of: entry)
            if groups[key] == nil {
                order.append(key)
                groups[key] = group
            }
            groups[key]?.students.append(entry.student)
        }
        let sorted = order.enumerated().compactMap { place, key in groups[key].map { (place, $0) } }
            .sorted { ($1.1.students.count, $0.0) < ($0.1.students.count, $1.0) }.map(\.1)
        return Self.told(apart: sorted)
    }

    /// Groups with the same title get a word about the first criterion in which they were not seen to be alike.
    private static func told(apart groups: [Group]) -> [Group] {
        groups.map { group in
            var group = group
            let others = groups.filter { $0.reasons == group.reasons && $0.seen != group.seen }
            let place = group.seen.indices.first { index in others.contains { $0.seen[index] != group.seen[index] } }
            if let place { group.distinction = "\(group.criteria[place]): \(group.words[place])" }
            return group
        }
    }

    private static func mistake(of entry: ClassEntry) -> (key: String, group: Group) {
        guard entry.status == .graded else {
            let fault = entry.faults.first ?? "no reason is known"
            let reason = blotted(fault)
            return (
                "\(entry.status.rawValue) \(reason)",
                Group(
                    reasons: [fault], criteria: [], students: [], example: Array(entry.faults.prefix(3)),
                    status: entry.status)
            )
        }
        let failed = entry.checks.filter { !$0.isPassed }
        let words = failed.map { ownWords($0.seen) }
        let seen = words.map(blotted)
        let key = zip(failed, seen).map { "\($0.id) \($0.points > 0 ? "partly" : "not") \($1)" }
        return (
            key.joined(separator: "\u{1}"),
            Group(
                reasons: failed.map { "\($0.title)\($0.points > 0 ? " (partly)" : "")" }, criteria: failed.map(\.id),
                students: [],
                example: failed.map {
                    "\($0.id): \($0.harm.isEmpty ? "" : $0.harm + "; ")expected \($0.expected), seen: \($0.seen)"
                },
                status: .graded, seen: seen, words: words)
        )
    }

    /// What was seen, without the remark about which seeds saw it.
    private static func ownWords(_ seen: String) -> String {
        var text = seen
        for tail in [" (on the visible seed)", ", on hidden seeds; the visible seed passes"] {
            if let range = text.range(of: tail) { text = String(text[..<range.lowerBound]) }
        }
        return text == "not so on at least one hidden seed" ? "" : text
    }

    /// The text with every amount as `#`: 3.5%, 1h05m00s and 620ms differ from seed to seed and from student to student.
    static func blotted(_ text: String) -> String {
        var result = ""
        var inAmount = false
        // Digits of a name, such as p99, stay.
        var inWord = false
        for character in text {
            let isDigit = character.isASCII && character.isNumber
            if inAmount, isDigit || character == "." || character == "%" || character.isLetter {
                // More digits, or the unit.
            } else if isDigit, !inWord {
                result += "#"
                inAmount = true
            } else {
                inAmount = false
                inWord = character.isLetter || isDigit
                result.append(character)
            }
        }
        return result
    }

    /// Names of those whose files are the same to the byte, if there are several; files that could not be read say
    /// nothing.
    public var sameFiles: [[String]] {
        var order: [String] = []
        var names: [String: [String]] = [:]
        for entry in entries where entry.status == .graded {
            if names[entry.receipt.submissionHash] == nil { order.append(entry.receipt.submissionHash) }
            names[entry.receipt.submissionHash, default: []].append(entry.student)
        }
        return order.compactMap { names[$0] }.filter { $0.count > 1 }
    }

    /// Half have at least so many points; nil without a grade.
    public var median: Double? {
        let points = graded.map(\.points).sorted()
        guard !points.isEmpty else { return nil }
        return (points[(points.count - 1) / 2] + points[points.count / 2]) / 2
    }

    public var mean: Double? {
        let points = graded.map(\.points)
        return points.isEmpty ? nil : points.reduce(0, +) / Double(points.count)
    }

    /// How many have from 0 to under 10% of the points, and so on; the last also holds those with all.
    public var histogram: [Int] {
        var bins = [Int](repeating: 0, count: 10)
        for entry in graded where maximumPoints > 0 {
            bins[min(9, max(0, Int(entry.points / Double(maximumPoints) * 10)))] += 1
        }
        return bins
    }

    /// How many passed, got a part and got nothing, by criterion.
    public func standing(of criterion: String) -> (passed: Int, partly: Int, failed: Int) {
        var standing = (passed: 0, partly: 0, failed: 0)
        for entry in graded {
            guard let check = entry.checks.first(where: { $0.id == criterion }) else { continue }
            if check.isPassed {
                standing.passed += 1
            } else if check.points > 0 {
                standing.partly += 1
            } else {
                standing.failed += 1
            }
        }
        return standing
    }
}
