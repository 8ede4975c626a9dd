import PromQL
import Simulation

/// Keeps alerts that match from being sent for a time. Times are milliseconds since 1970.
public struct Silence: Sendable, Equatable {
    public enum State: String, Sendable {
        case pending, active, expired
    }

    public internal(set) var id: String
    public internal(set) var matchers: [LabelMatcher]
    public internal(set) var startsAt: Int64
    public internal(set) var endsAt: Int64
    public internal(set) var updatedAt: Int64
    public internal(set) var createdBy: String
    public internal(set) var comment: String

    public func state(at time: Int64) -> State {
        if time < startsAt { .pending } else if time < endsAt { .active } else { .expired }
    }

    public func matches(_ labels: Labels) -> Bool { matchers.allMatch(labels) }

    /// An identifier in the form of a UUID. Real ones are dice; here they follow from the contents and a count, so that
    /// two runs have the same.
    static func identifier(_ silence: Silence, count: UInt64) -> String {
        var parts: [Label] = [
            Label("count", String(count)), Label("from", String(silence.startsAt)),
            Label("to", String(silence.endsAt)), Label("by", silence.createdBy), Label("comment", silence.comment),
            Label("matchers", MatcherText.text(silence.matchers)),
        ]
        let first = LabelFingerprint(Labels(parts))
        parts.append(Label("first", first.description))
        var digits = Array((first.description + LabelFingerprint(Labels(parts)).description).utf8)
        // The version and the variant of a random UUID.
        digits[12] = UInt8(ascii: "4")
        digits[16] = Array("89ab".utf8)[Int(first.value & 3)]
        var out = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { out += "-" }
            out.unicodeScalars.append(Unicode.Scalar(digit))
        }
        return out
    }
}

/// Why a silence was refused, in Alertmanager's words.
public struct SilenceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The HTTP status with which the API answers.
    public let status: Int
    public let description: String
}

extension Silence: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(id)
        writer.writeVarint(UInt64(matchers.count))
        for matcher in matchers {
            writer.write(matcher.name)
            writer.write(matcher.kind.rawValue)
            writer.write(matcher.value)
        }
        writer.write(startsAt)
        writer.write(endsAt)
        writer.write(updatedAt)
        writer.write(createdBy)
        writer.write(comment)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        id = try reader.read()
        let count = try reader.readCount()
        var read: [LabelMatcher] = []
        for _ in 0..<count {
            let offset = reader.offset
            let name: String = try reader.read()
            let kind: String = try reader.read()
            let value: String = try reader.read()
            guard let kind = LabelMatcher.Kind(rawValue: kind),
                let matcher = try? MatcherText.matcher(name, kind, value)
            else { throw .malformed(what: "matcher of a silence", offset: offset) }
            read.append(matcher)
        }
        matchers = read
        startsAt = try reader.read()
        endsAt = try reader.read()
        updatedAt = try reader.read()
        createdBy = try reader.read()
        comment = try reader.read()
    }
}
