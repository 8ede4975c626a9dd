/// `metav1.Time`: whole seconds since 1970-01-01T00:00:00Z, written as RFC 3339.
public struct Time: FieldValue, Hashable, Comparable {
    public var epochSeconds: Int64

    public init() { epochSeconds = 0 }
    public init(epochSeconds: Int64) { self.epochSeconds = epochSeconds }

    public static func < (left: Self, right: Self) -> Bool { left.epochSeconds < right.epochSeconds }

    public static var goType: String { "v1.Time" }
    public var isZero: Bool { false }
    public var jsonValue: JSONValue { .string(CivilTime.format(seconds: epochSeconds)) }

    public mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError) {
        guard case .string(let text) = value else { throw reader.mismatch(value, "string") }
        guard let parsed = CivilTime.parse(text) else {
            throw FieldError(
                "parsing time \"\(text)\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\(text)\" as \"2006\"")
        }
        epochSeconds = parsed.seconds
    }

    public func writeProtobuf(_ number: Int, to writer: inout ProtobufWriter) {
        writer.write(number) { inner in inner.write(1, varint: UInt64(bitPattern: epochSeconds)) }
    }

    public mutating func setProtobuf(_ wire: ProtobufValue) throws(FieldError) {
        epochSeconds = try CivilTime.readTimestamp(wire).seconds
    }
}

/// `metav1.MicroTime`: microseconds since 1970-01-01T00:00:00Z.
public struct MicroTime: FieldValue, Hashable, Comparable {
    public var epochMicroseconds: Int64

    public init() { epochMicroseconds = 0 }
    public init(epochMicroseconds: Int64) { self.epochMicroseconds = epochMicroseconds }

    public static func < (left: Self, right: Self) -> Bool { left.epochMicroseconds < right.epochMicroseconds }

    public static var goType: String { "v1.MicroTime" }
    public var isZero: Bool { false }

    public var jsonValue: JSONValue {
        let (seconds, micros) = epochMicroseconds.flooredDivision(by: 1_000_000)
        let digits = String(micros)
        let fraction = String(repeating: "0", count: 6 - digits.count) + digits
        return .string(CivilTime.format(seconds: seconds).dropLast() + "." + fraction + "Z")
    }

    public mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError) {
        guard case .string(let text) = value else { throw reader.mismatch(value, "string") }
        guard let parsed = CivilTime.parse(text) else {
            throw FieldError(
                "parsing time \"\(text)\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"\(text)\" as \"2006\""
            )
        }
        epochMicroseconds = parsed.seconds * 1_000_000 + parsed.nanoseconds / 1_000
    }

    public func writeProtobuf(_ number: Int, to writer: inout ProtobufWriter) {
        let (seconds, micros) = epochMicroseconds.flooredDivision(by: 1_000_000)
        writer.write(number) { inner in
            inner.write(1, varint: UInt64(bitPattern: seconds))
            inner.write(2, varint: UInt64(bitPattern: micros * 1_000))
        }
    }

    public mutating func setProtobuf(_ wire: ProtobufValue) throws(FieldError) {
        let read = try CivilTime.readTimestamp(wire)
        epochMicroseconds = read.seconds &* 1_000_000 &+ read.nanoseconds / 1_000
    }
}

/// Calendar arithmetic of RFC 3339 times (proleptic Gregorian calendar), without a clock or a time-zone database.
public enum CivilTime {
    /// `2026-01-05T09:00:00Z`; years outside 0000 to 9999 are clamped.
    public static func format(seconds: Int64) -> String {
        let parts = components(seconds: seconds)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let year = String(max(0, min(9_999, parts.year)))
        let padded = String(repeating: "0", count: 4 - year.count) + year
        return
            "\(padded)-\(two(parts.month))-\(two(parts.day))T\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))Z"
    }

    /// The calendar parts of an instant, in UTC; `weekday` counts from Sunday = 0.
    public static func components(
        seconds: Int64
    ) -> (year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64, weekday: Int64) {
        let (days, rest) = seconds.flooredDivision(by: 86_400)
        // Days counted in eras of 400 years that begin on a 1 March, so that the leap day comes last.
        let (era, dayOfEra) = (days &+ 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (
            yearOfEra + era &* 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1, rest / 3_600,
            rest / 60 % 60, rest % 60, (days &+ 4).flooredDivision(by: 7).remainder
        )
    }

    /// Days from 1970-01-01 to a date.
    public static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shiftedYear.flooredDivision(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Reads an RFC 3339 time; nil if it is not one.
    public static func parse(_ text: String) -> (seconds: Int64, nanoseconds: Int64)? {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            return value
        }
        guard bytes.count >= 20, bytes.count <= 40, let year = number(0..<4), let month = number(5..<7),
            let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19), bytes[4] == 45,
            bytes[7] == 45, bytes[10] == 84 || bytes[10] == 116, bytes[13] == 58, bytes[16] == 58,
            (1...12).contains(month),
            (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var index = 19
        var nanoseconds: Int64 = 0
        if bytes[index] == 46 {
            index += 1
            var scale: Int64 = 100_000_000
            let start = index
            while index < bytes.count, (48...57).contains(bytes[index]) {
                nanoseconds += Int64(bytes[index] - 48) * scale
                scale /= 10
                index += 1
            }
            guard index > start else { return nil }
        }
        guard index < bytes.count else { return nil }
        var offset: Int64 = 0
        switch bytes[index] {
        case 90, 122: guard index == bytes.count - 1 else { return nil }
        case 43, 45:
            guard bytes.count == index + 6, bytes[index + 3] == 58, let hours = number(index + 1..<index + 3),
                let minutes = number(index + 4..<index + 6)
            else { return nil }
            offset = (hours * 3_600 + minutes * 60) * (bytes[index] == 43 ? 1 : -1)
        default: return nil
        }
        return (
            days(year: year, month: month, day: day) * 86_400 + hour * 3_600 + minute * 60 + second - offset,
            nanoseconds
        )
    }

    static func readTimestamp(_ wire: ProtobufValue) throws(FieldError) -> (seconds: Int64, nanoseconds: Int64) {
        guard case .bytes(let bytes) = wire else { throw FieldError("protobuf: a time is not a message") }
        var reader = ProtobufFieldReader(bytes)
        var seconds: Int64 = 0
        var nanoseconds: Int64 = 0
        while let number = try reader.next() {
            switch number {
            case 1: try reader.read(&seconds)
            case 2: try reader.read(&nanoseconds)
            default: break
            }
        }
        return (seconds, nanoseconds)
    }
}

extension Int64 {
    /// Division toward negative infinity; the remainder is never negative. The divisor is positive.
    func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
