/// Writes JSON as Prometheus writes it, into bytes: a range query's answer has millions of numbers.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 10: raw("\\n")
            case 13: raw("\\r")
            case 9: raw("\\t")
            case 0..<0x20: raw("\\u" + GoQuote.hexadecimal(UInt32(byte), width: 4))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func labels(_ labels: Labels) {
        bytes.append(UInt8(ascii: "{"))
        for (place, pair) in labels.pairs.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            string(pair.name)
            bytes.append(UInt8(ascii: ":"))
            string(pair.value)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    mutating func integer(_ value: UInt64) {
        var rest = value
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var count = 0
        // Twenty digits at most, kept as bytes of three words, the last digit first.
        repeat {
            let digit = rest % 10
            rest /= 10
            let shifted = digit << UInt64(count % 8 * 8)
            switch count / 8 {
            case 0: digits.0 |= shifted
            case 1: digits.1 |= shifted
            default: digits.2 |= shifted
            }
            count += 1
        } while rest > 0
        for place in stride(from: count - 1, through: 0, by: -1) {
            let word = place / 8 == 0 ? digits.0 : place / 8 == 1 ? digits.1 : digits.2
            bytes.append(48 + UInt8(truncatingIfNeeded: word >> UInt64(place % 8 * 8) & 0xFF))
        }
    }

    /// Milliseconds as seconds, with three decimals if any.
    mutating func timestamp(_ milliseconds: Int64) {
        if milliseconds < 0 { bytes.append(UInt8(ascii: "-")) }
        let magnitude = milliseconds.magnitude
        integer(magnitude / 1000)
        let fraction = UInt8(truncatingIfNeeded: magnitude % 1000 / 100)
        let rest = UInt8(truncatingIfNeeded: magnitude % 100)
        if magnitude % 1000 != 0 {
            bytes.append(UInt8(ascii: "."))
            bytes.append(48 + fraction)
            bytes.append(48 + rest / 10)
            bytes.append(48 + rest % 10)
        }
    }

    /// A sample's value, without the quotes around it.
    mutating func number(_ value: Double) {
        let magnitude = value.magnitude
        if magnitude < 9_007_199_254_740_992, magnitude == magnitude.rounded(.towardZero) {
            if value.sign == .minus { bytes.append(UInt8(ascii: "-")) }
            integer(UInt64(magnitude))
            return
        }
        if magnitude >= 1e-4, magnitude < 9_007_199_254_740_992 {
            // Swift's own shortest digits have no exponent here.
            bytes.append(contentsOf: value.description.utf8)
            return
        }
        raw(GoFloat.json(value))
    }

    mutating func point(_ time: Int64, _ value: Double) {
        bytes.append(UInt8(ascii: "["))
        timestamp(time)
        raw(",\"")
        number(value)
        raw("\"]")
    }

    mutating func point(_ time: Int64, _ histogram: NativeHistogram) {
        bytes.append(UInt8(ascii: "["))
        timestamp(time)
        raw(",{\"count\":\"")
        number(histogram.count)
        raw("\",\"sum\":\"")
        number(histogram.sum)
        bytes.append(UInt8(ascii: "\""))
        let intervals = histogram.intervals
        for (place, interval) in intervals.enumerated() {
            raw(place == 0 ? ",\"buckets\":[[" : ",[")
            // 0: open left, 1: open right, 3: closed both.
            integer(interval.lower < 0 ? interval.upper > 0 ? 3 : 1 : 0)
            for number in [interval.lower, interval.upper, interval.count] {
                raw(",\"")
                self.number(number)
                bytes.append(UInt8(ascii: "\""))
            }
            bytes.append(UInt8(ascii: "]"))
        }
        if !intervals.isEmpty { bytes.append(UInt8(ascii: "]")) }
        raw("}]")
    }

    mutating func strings(_ texts: [String]) {
        bytes.append(UInt8(ascii: "["))
        for (place, text) in texts.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            string(text)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// `{"resultType":…,"result":…}`.
    mutating func value(_ result: QueryResult) {
        switch result.value {
        case .scalar(let value):
            // Scalars and strings go through another encoder there, which writes the time as a float.
            raw("{\"resultType\":\"scalar\",\"result\":[")
            raw(GoFloat.fixed(Double(result.time) / 1000))
            raw(",\"")
            raw(GoFloat.fixed(value))
            raw("\"]}")
        case .string(let text):
            raw("{\"resultType\":\"string\",\"result\":[")
            raw(GoFloat.fixed(Double(result.time) / 1000))
            bytes.append(UInt8(ascii: ","))
            string(text)
            raw("]}")
        case .vector(let elements):
            raw("{\"resultType\":\"vector\",\"result\":[")
            for (place, element) in elements.enumerated() {
                raw(place > 0 ? ",{\"metric\":" : "{\"metric\":")
                labels(element.labels)
                switch element.value {
                case .float(let value):
                    raw(",\"value\":")
                    point(result.time, value)
                case .histogram(let histogram):
                    raw(",\"histogram\":")
                    point(result.time, histogram)
                }
                bytes.append(UInt8(ascii: "}"))
            }
            raw("]}")
        case .matrix(let series):
            matrix(series)
        }
    }

    private mutating func matrix(_ series: [MatrixSeries]) {
        raw("{\"resultType\":\"matrix\",\"result\":[")
        bytes.reserveCapacity(bytes.count + series.reduce(0) { $0 + 128 + $1.floats.count * 34 })
        for (place, one) in series.enumerated() {
            raw(place > 0 ? ",{\"metric\":" : "{\"metric\":")
            labels(one.labels)
            if !one.floats.isEmpty {
                raw(",\"values\":[")
                for (index, sample) in one.floats.enumerated() {
                    if index > 0 { bytes.append(UInt8(ascii: ",")) }
                    point(sample.time, sample.value)
                }
                bytes.append(UInt8(ascii: "]"))
            }
            if !one.histograms.isEmpty {
                raw(",\"histograms\":[")
                for (index, sample) in one.histograms.enumerated() {
                    if index > 0 { bytes.append(UInt8(ascii: ",")) }
                    point(sample.time, sample.histogram)
                }
                bytes.append(UInt8(ascii: "]"))
            }
            bytes.append(UInt8(ascii: "}"))
        }
        raw("]}")
    }
}
