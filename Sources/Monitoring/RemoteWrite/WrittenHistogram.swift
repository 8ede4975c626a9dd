import PromQL

/// `prometheus.Histogram` as it is written: spans of buckets, with counts as differences (integers) or as they are.
struct WrittenHistogram {
    /// What makes it no histogram, with the texts of Prometheus' validation.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// Neighbouring buckets: how many are left out before them, and how many they are.
    struct Span {
        var offset: Int32 = 0
        var length: UInt32 = 0
    }

    /// One side of zero.
    struct Side {
        var spans: [Span] = []
        var deltas: [Int64] = []
        var counts: [Double] = []
    }

    /// Beyond every bucket that a float's value can fall into, at the finest schema.
    static let furthestBucket: Int64 = 1 << 20

    private(set) var time: Int64 = 0
    private var count = 0.0
    private var zeroCount = 0.0
    private var isFloat = false
    private var sum = 0.0
    private var schema: Int32 = 0
    private var zeroThreshold = 0.0
    private var (positive, negative) = (Side(), Side())
    private var resetHint: UInt64 = 0
    private var customBounds: [Double] = []

    init(_ message: ArraySlice<UInt8>) throws(ProtobufError) {
        var reader = ProtobufReader(message, message: "Histogram")
        while let field = try reader.next() {
            switch field.number {
            case 1:
                try reader.expect(.varint, field, "CountInt")
                count = Double(try reader.varint())
            case 2:
                try reader.expect(.fixed64, field, "CountFloat")
                count = try reader.double()
                isFloat = true
            case 3:
                try reader.expect(.fixed64, field, "Sum")
                sum = try reader.double()
            case 4:
                try reader.expect(.varint, field, "Schema")
                schema = Int32(truncatingIfNeeded: try reader.signedVarint())
            case 5:
                try reader.expect(.fixed64, field, "ZeroThreshold")
                zeroThreshold = try reader.double()
            case 6:
                try reader.expect(.varint, field, "ZeroCountInt")
                zeroCount = Double(try reader.varint())
            case 7:
                try reader.expect(.fixed64, field, "ZeroCountFloat")
                zeroCount = try reader.double()
            case 8...10: try negative.read(field, "Negative", first: 8, &reader)
            case 11...13: try positive.read(field, "Positive", first: 11, &reader)
            case 14:
                try reader.expect(.varint, field, "ResetHint")
                resetHint = try reader.varint()
            case 15:
                try reader.expect(.varint, field, "Timestamp")
                time = Int64(bitPattern: try reader.varint())
            case 16:
                try reader.repeated(field, "CustomValues", as: .fixed64, into: &customBounds) {
                    (reader) throws(ProtobufError) in try reader.double()
                }
            default: try reader.skip(field)
            }
        }
    }

    /// The histogram as the store keeps it.
    var histogram: NativeHistogram {
        get throws(Failure) {
            let isCustom = schema == NativeHistogram.customSchema
            guard isCustom || (-4...8).contains(schema) else {
                throw Failure(
                    "schema \(schema): histogram has an invalid schema, which must be between -4 and 8 for exponential "
                        + "buckets, or -53 for custom buckets")
            }
            var histogram = NativeHistogram(schema: schema, count: count, sum: sum)
            histogram.counterResetHint = [.unknown, .reset, .notReset, .gauge][Int(min(resetHint, 4)) % 4]
            if isCustom {
                try checkCustom()
                histogram.customBounds = customBounds
            } else {
                guard customBounds.isEmpty else {
                    throw Failure("histogram with exponential schema must not have custom bounds")
                }
                histogram.zeroThreshold = zeroThreshold
                histogram.zeroCount = zeroCount
                histogram.negative = try negative.buckets("negative side", isFloat: isFloat)
            }
            histogram.positive = try positive.buckets(isCustom ? "custom" : "positive side", isFloat: isFloat)
            if isCustom, let last = histogram.positive.last, last.index > customBounds.count || last.index < 0 {
                throw Failure(
                    "only \(customBounds.count) custom bounds defined which is insufficient to cover the buckets")
            }
            try checkCount(histogram)
            return histogram
        }
    }

    private func checkCustom() throws(Failure) {
        guard zeroCount == 0, zeroThreshold == 0 else {
            throw Failure("custom buckets: must have zero count and threshold of 0")
        }
        guard negative.spans.isEmpty, negative.deltas.isEmpty, negative.counts.isEmpty else {
            throw Failure("custom buckets: must not have negative buckets or spans")
        }
        guard zip(customBounds, customBounds.dropFirst()).allSatisfy({ $0 < $1 }),
            customBounds.allSatisfy({ !$0.isNaN && $0 < .infinity })
        else { throw Failure("histogram custom bounds must be in strictly increasing order and finite") }
    }

    /// Counts of integers add up; those of floats may differ in their last digits, and are not looked at.
    private func checkCount(_ histogram: NativeHistogram) throws(Failure) {
        guard !isFloat else {
            guard !(count < 0), !(zeroCount < 0) else {
                throw Failure("histogram has a bucket whose observation count is negative")
            }
            return
        }
        let seen = (histogram.positive + histogram.negative).reduce(zeroCount) { $0 + $1.count }
        if sum.isNaN {
            guard seen <= count else {
                throw Failure(
                    "\(GoFloat.general(seen)) observations found in buckets, but the Count field is "
                        + "\(GoFloat.general(count)): histogram's observation count should be at least the number of "
                        + "observations found in the buckets")
            }
        } else if seen != count {
            throw Failure(
                "\(GoFloat.general(seen)) observations found in buckets, but the Count field is "
                    + "\(GoFloat.general(count)): histogram's observation count should equal the number of "
                    + "observations found in the buckets (in absence of NaN)")
        }
    }
}

extension WrittenHistogram.Side {
    /// Reads one of the three fields of a side: spans, differences, counts.
    fileprivate mutating func read(
        _ field: ProtobufReader.Field, _ name: String, first: Int, _ reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number - first {
        case 0:
            try reader.expect(.bytes, field, name + "Spans")
            var inner = ProtobufReader(try reader.block(), message: "BucketSpan")
            var span = WrittenHistogram.Span()
            while let field = try inner.next() {
                switch field.number {
                case 1:
                    try inner.expect(.varint, field, "Offset")
                    span.offset = Int32(truncatingIfNeeded: try inner.signedVarint())
                case 2:
                    try inner.expect(.varint, field, "Length")
                    span.length = UInt32(truncatingIfNeeded: try inner.varint())
                default: try inner.skip(field)
                }
            }
            spans.append(span)
        case 1:
            try reader.repeated(field, name + "Deltas", as: .varint, into: &deltas) {
                (reader) throws(ProtobufError) in try reader.signedVarint()
            }
        default:
            try reader.repeated(field, name + "Counts", as: .fixed64, into: &counts) {
                (reader) throws(ProtobufError) in try reader.double()
            }
        }
    }

    /// The buckets with their indexes.
    fileprivate func buckets(_ side: String, isFloat: Bool) throws(WrittenHistogram.Failure) -> [NativeHistogram.Bucket]
    {
        let counts = isFloat ? counts : absolute
        let needed = spans.reduce(UInt64(0)) { $0 + UInt64($1.length) }
        guard needed == UInt64(counts.count) else {
            throw WrittenHistogram.Failure(
                "\(side): spans need \(needed) buckets, have \(counts.count) buckets: histogram spans specify different "
                    + "number of buckets than provided")
        }
        var buckets: [NativeHistogram.Bucket] = []
        buckets.reserveCapacity(counts.count)
        var index: Int64 = 0
        for (number, span) in spans.enumerated() {
            if number > 0, span.offset < 0 {
                throw WrittenHistogram.Failure(
                    "\(side): span number \(number + 1) with offset \(span.offset): histogram has a span whose offset is "
                        + "negative")
            }
            index += Int64(span.offset)
            guard abs(index) + Int64(span.length) < WrittenHistogram.furthestBucket else {
                throw WrittenHistogram.Failure("\(side): histogram has a bucket beyond every number")
            }
            for _ in 0..<span.length {
                let count = counts[buckets.count]
                guard !(count < 0) else {
                    throw WrittenHistogram.Failure(
                        "\(side): bucket number \(buckets.count + 1) has observation count of "
                            + "\(GoFloat.general(count)): histogram has a bucket whose observation count is negative")
                }
                buckets.append(NativeHistogram.Bucket(index: Int32(index), count: count))
                index += 1
            }
        }
        return buckets
    }

    /// The counts that differences add up to.
    private var absolute: [Double] {
        var sum: Int64 = 0
        return deltas.map {
            sum &+= $0
            return Double(sum)
        }
    }
}
