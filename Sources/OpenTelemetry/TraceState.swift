/// What tracing systems carry along with a trace: the members of W3C's header `tracestate`, the newest first.
public struct TraceState: Sendable, Equatable, CustomStringConvertible {
    /// A system's key and its value.
    public struct Member: Sendable, Equatable {
        public let key: String
        public let value: String
    }

    public private(set) var members: [Member] = []

    /// More members than these are refused.
    public static let maximumCount = 32

    public init() {}

    /// Reads a header; nil if a member is malformed, a key stands twice or there are more than 32. Empty members are
    /// skipped.
    public init?(header: String) {
        for part in header.utf8.split(separator: UInt8(ascii: ",")) {
            var text = part
            while text.first == 32 || text.first == 9 { text.removeFirst() }
            while text.last == 32 || text.last == 9 { text.removeLast() }
            if text.isEmpty { continue }
            guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let key = Array(text[..<equals])
            let value = Array(text[text.index(after: equals)...])
            guard Self.isKey(key), Self.isValue(value) else { return nil }
            let member = Member(
                key: String(decoding: key, as: UTF8.self), value: String(decoding: value, as: UTF8.self))
            guard self[member.key] == nil else { return nil }
            members.append(member)
        }
        if members.count > Self.maximumCount { return nil }
    }

    /// The value of a key.
    public subscript(key: String) -> String? { members.first { $0.key == key }?.value }

    /// With a member set and moved to the front, as the one who changes it has to; unchanged if key or value is not
    /// allowed. The last member gives way to a 33rd.
    public func setting(_ key: String, to value: String) -> TraceState {
        guard Self.isKey(Array(key.utf8)), Self.isValue(Array(value.utf8)) else { return self }
        var state = self
        state.members.removeAll { $0.key == key }
        state.members.insert(Member(key: key, value: value), at: 0)
        if state.members.count > Self.maximumCount { state.members.removeLast() }
        return state
    }

    /// The header's text.
    public var description: String { members.map { $0.key + "=" + $0.value }.joined(separator: ",") }

    /// `[a-z][a-z0-9_\-*/]{0,255}`, or a tenant of up to 241 characters, `@`, and a system of up to 14.
    private static func isKey(_ key: [UInt8]) -> Bool {
        func isWord(_ byte: UInt8) -> Bool {
            (97...122).contains(byte) || (48...57).contains(byte) || [95, 45, 42, 47].contains(byte)
        }
        func isLetter(_ byte: UInt8?) -> Bool { byte.map { (97...122).contains($0) } ?? false }
        if let at = key.firstIndex(of: UInt8(ascii: "@")) {
            let tenant = key[..<at]
            let system = key[(at + 1)...]
            guard let first = tenant.first, isLetter(first) || (48...57).contains(first) else { return false }
            return tenant.count <= 241 && tenant.allSatisfy(isWord) && isLetter(system.first) && system.count <= 14
                && system.allSatisfy(isWord)
        }
        return isLetter(key.first) && key.count <= 256 && key.allSatisfy(isWord)
    }

    /// Up to 256 printable ASCII characters without comma and equals sign, the last no space.
    private static func isValue(_ value: [UInt8]) -> Bool {
        guard let last = value.last, last != 32, value.count <= 256 else { return false }
        return value.allSatisfy { (32...126).contains($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") }
    }
}
