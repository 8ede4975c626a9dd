/// Decoded samples of one series, reused from series to series so that a query does not allocate for each.
struct SampleBuffer {
    private(set) var times: [Int64] = []
    private(set) var values: [Double] = []
    /// How many of the entries are in use.
    private(set) var count = 0

    mutating func clear() { count = 0 }

    /// Makes room for `extra` more samples and lets the closure write them.
    @inline(__always)
    mutating func append(
        _ extra: Int, _ write: (UnsafeMutablePointer<Int64>, UnsafeMutablePointer<Double>) -> Void
    ) {
        if times.count < count + extra {
            let size = max(count + extra, times.count * 2, 512)
            times.append(contentsOf: repeatElement(0, count: size - times.count))
            values.append(contentsOf: repeatElement(0, count: size - values.count))
        }
        times.withUnsafeMutableBufferPointer { times in
            values.withUnsafeMutableBufferPointer { values in
                if let time = times.baseAddress, let value = values.baseAddress { write(time + count, value + count) }
            }
        }
        count += extra
    }

    mutating func append(time: Int64, value: Double) {
        append(1) {
            $0.pointee = time
            $1.pointee = value
        }
    }

    /// Drops the samples before the first newer than `time` and after the last not newer than `end`, and stale markers
    /// if asked; keeps at most `before` samples at or before `time`.
    mutating func trim(after time: Int64, through end: Int64, withoutStale: Bool) {
        var kept = 0
        times.withUnsafeMutableBufferPointer { times in
            values.withUnsafeMutableBufferPointer { values in
                var index = 0
                while index < count {
                    let sampled = times[index]
                    if sampled > end { break }
                    if sampled > time && !(withoutStale && StaleMarker.isStale(values[index])) {
                        if kept != index {
                            times[kept] = sampled
                            values[kept] = values[index]
                        }
                        kept += 1
                    }
                    index += 1
                }
            }
        }
        count = kept
    }
}
