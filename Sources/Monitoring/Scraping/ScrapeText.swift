/// Reading of exposition text byte by byte, for lines whose series is known.
enum ScrapeText {
    /// Whether two runs of bytes are equal; eight at a time.
    @inline(__always)
    static func sameBytes(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        let left = UnsafeRawPointer(a)
        let right = UnsafeRawPointer(b)
        var place = 0
        while place + 8 <= count {
            if left.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                != right.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            {
                return false
            }
            place += 8
        }
        while place < count {
            if a[place] != b[place] { return false }
            place += 1
        }
        return true
    }

    /// What follows a series on its line: a value, and perhaps a time.
    struct Rest {
        var value: Double
        /// As written; nil if there is none.
        var time: Int64?
        /// Where the next line begins.
        var next: Int
    }

    /// Reads value and whole-numbered time up to the end of the line; nil for anything less usual, which the whole
    /// reader then looks at.
    @inline(__always)
    static func rest(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Rest? {
        var place = start
        guard skipSpaces(text, &place), let value = number(text, &place) else { return nil }
        let spaced = skipSpaces(text, &place)
        if place == text.count { return Rest(value: value, time: nil, next: place) }
        if text[place] == 10 { return Rest(value: value, time: nil, next: place + 1) }
        guard spaced else { return nil }
        let negative = text[place] == UInt8(ascii: "-")
        if negative { place += 1 }
        let digits = place
        var time: Int64 = 0
        while place < text.count, text[place] &- 48 < 10, place - digits < 18 {
            time = time * 10 + Int64(text[place] - 48)
            place += 1
        }
        guard place > digits else { return nil }
        _ = skipSpaces(text, &place)
        if place < text.count, text[place] != 10 { return nil }
        return Rest(value: value, time: negative ? -time : time, next: min(place + 1, text.count))
    }

    /// Whether there was any space.
    @inline(__always)
    private static func skipSpaces(_ text: UnsafeBufferPointer<UInt8>, _ place: inout Int) -> Bool {
        let start = place
        while place < text.count, text[place] == 32 || text[place] == 9 { place += 1 }
        return place > start
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// A decimal number. With at most 15 digits and a small exponent one multiplication or division of exact numbers
    /// gives the nearest double; other numbers are read by the standard library.
    @inline(__always)
    private static func number(_ text: UnsafeBufferPointer<UInt8>, _ place: inout Int) -> Double? {
        let start = place
        var cursor = place
        var negative = false
        if cursor < text.count, text[cursor] == UInt8(ascii: "-") || text[cursor] == UInt8(ascii: "+") {
            negative = text[cursor] == UInt8(ascii: "-")
            cursor += 1
        }
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        while cursor < text.count, text[cursor] &- 48 < 10 {
            mantissa = mantissa &* 10 &+ UInt64(text[cursor] - 48)
            digits += 1
            cursor += 1
        }
        if cursor < text.count, text[cursor] == UInt8(ascii: ".") {
            cursor += 1
            while cursor < text.count, text[cursor] &- 48 < 10 {
                mantissa = mantissa &* 10 &+ UInt64(text[cursor] - 48)
                digits += 1
                exponent -= 1
                cursor += 1
            }
        }
        guard digits > 0 else { return nil }
        if cursor < text.count, text[cursor] | 32 == UInt8(ascii: "e") {
            cursor += 1
            var minus = false
            if cursor < text.count, text[cursor] == UInt8(ascii: "-") || text[cursor] == UInt8(ascii: "+") {
                minus = text[cursor] == UInt8(ascii: "-")
                cursor += 1
            }
            let first = cursor
            var written = 0
            while cursor < text.count, text[cursor] &- 48 < 10, cursor - first < 4 {
                written = written * 10 + Int(text[cursor] - 48)
                cursor += 1
            }
            guard cursor > first else { return nil }
            exponent += minus ? -written : written
        }
        guard cursor == text.count || text[cursor] <= 32, cursor == text.count || text[cursor] != 13 else {
            return nil
        }
        place = cursor
        if digits <= 15, abs(exponent) <= 22 {
            let whole = Double(mantissa)
            let value = exponent < 0 ? whole / powers[-exponent] : whole * powers[exponent]
            return negative ? -value : value
        }
        return Double(String(decoding: UnsafeBufferPointer(rebasing: text[start..<cursor]), as: UTF8.self))
    }

    /// Where the series at a place ends: behind its braces, or at the first space outside of quotes.
    static func endOfSeries(_ text: UnsafeBufferPointer<UInt8>, from start: Int, lineEnd: Int) -> Int {
        var place = start
        var quoted = false
        var inBraces = false
        while place < lineEnd {
            let byte = text[place]
            if quoted {
                if byte == UInt8(ascii: "\\") { place += 1 } else if byte == UInt8(ascii: "\"") { quoted = false }
            } else if byte == UInt8(ascii: "\"") {
                quoted = true
            } else if byte == UInt8(ascii: "{") {
                inBraces = true
            } else if byte == UInt8(ascii: "}") {
                return place + 1
            } else if !inBraces, byte == 32 || byte == 9 {
                return place
            }
            place += 1
        }
        return min(place, lineEnd)
    }

    /// Where the line at a place ends: at its line feed, or at the end of the text.
    static func endOfLine(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var place = start
        while place < text.count, text[place] != 10 { place += 1 }
        return place
    }
}
