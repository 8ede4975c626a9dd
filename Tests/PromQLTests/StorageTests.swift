import Testing

@testable import PromQL

/// A small generator of reproducible numbers for property tests.
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct PromQLStorageTests {
    /// Series of the kinds that occur, and of the kinds that must not matter.
    private func series(_ kind: Int, _ count: Int, _ dice: inout Dice) -> [Sample] {
        var time = Int64.random(in: -1_000_000...1_700_000_000_000, using: &dice)
        var value = 0.0
        return (0..<count).map { index in
            switch kind {
            case 0:
                time += 15_000
                value += Double(Int.random(in: 0...50, using: &dice))
            case 1:
                time += 15_000 + Int64.random(in: -20...20, using: &dice)
                value = Double.random(in: -1...1, using: &dice)
            case 2:
                time += Int64.random(in: 1...100_000_000, using: &dice)
                value = Double(bitPattern: dice.next())
            case 3:
                time += 1
                value = index % 7 == 0 ? StaleMarker.value : index % 5 == 0 ? .nan : .infinity
            default:
                time += Int64.random(in: 1...(1 << 40), using: &dice)
                value = [0, -0.0, 1, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -.infinity][index % 6]
            }
            return Sample(time: time, value: value)
        }
    }

    @Test(arguments: 0..<5)
    func everySampleComesBackBitByBit(_ kind: Int) throws {
        var dice = Dice(state: UInt64(kind))
        for count in [1, 2, 3, 119, 240, 241, 1000] {
            let samples = series(kind, count, &dice)
            var store = TimeSeriesStore()
            let id = store.series(for: Labels(["__name__": "x"]))
            for sample in samples { try store.append(id, time: sample.time, value: sample.value) }
            #expect(store.samples(id) == samples)
            if let middle = samples.dropFirst(count / 2).first, let last = samples.last {
                #expect(
                    store.samples(id, after: middle.time, through: last.time)
                        == samples.filter { $0.time > middle.time })
            }
        }
    }

    @Test func timesFarApartComeBack() throws {
        var encoder = ChunkEncoder()
        let times: [Int64] = [0, 8192, 8192 + 8192 * 2 + 1, 65536 * 3, 524_288 * 2, 1 << 50, (1 << 50) + 1]
        for time in times { encoder.append(time: time, value: 1) }
        var buffer = SampleBuffer()
        encoder.bits.words.withUnsafeBufferPointer { words in
            buffer.append(times.count) { ChunkDecoder.decode(words, count: times.count, times: $0, values: $1) }
        }
        #expect(Array(buffer.times.prefix(times.count)) == times)
    }

    @Test func aRegularCounterTakesLittleSpace() throws {
        var dice = Dice(state: 7)
        var store = TimeSeriesStore()
        let id = store.series(for: Labels(["__name__": "x"]))
        for sample in series(0, 24_000, &dice) { try store.append(id, time: sample.time, value: sample.value) }
        #expect(Double(store.sampleBytes) / 24_000 < 2.5)
    }

    @Test func refusesWhatIsOutOfOrder() throws {
        var store = TimeSeriesStore()
        let labels = Labels(["__name__": "x"])
        try store.append(labels, time: 1000, value: 1)
        try store.append(labels, time: 1000, value: 1)
        #expect(throws: AppendError.duplicate) { try store.append(labels, time: 1000, value: 2) }
        #expect(throws: AppendError.outOfOrder) { try store.append(labels, time: 999, value: 1) }
        #expect(store.samples(0) == [Sample(time: 1000, value: 1)])
    }

    @Test func acceptsWhatIsOutOfOrderInTheWindow() throws {
        var configuration = TimeSeriesStore.Configuration()
        configuration.outOfOrderWindow = 1_000_000
        configuration.samplesPerChunk = 10
        var dice = Dice(state: 3)
        var store = TimeSeriesStore(configuration: configuration)
        let id = store.series(for: Labels(["__name__": "x"]))
        let times = (0..<300).map { Int64($0) * 1000 }
        for time in times.shuffled(using: &dice) { try store.append(id, time: time, value: Double(time)) }
        #expect(store.samples(id) == times.map { Sample(time: $0, value: Double($0)) })
        try store.append(id, time: 5_000_000, value: 1)
        #expect(throws: AppendError.tooOld) { try store.append(id, time: 3_999_999, value: 1) }
    }

    @Test func aCopyIsAValue() throws {
        var store = TimeSeriesStore()
        for number in 0..<300 { try store.append(Labels(["__name__": "x", "i": "\(number)"]), time: 0, value: 1) }
        let copy = store
        for number in 0..<300 { try store.append(Labels(["__name__": "x", "i": "\(number)"]), time: 15_000, value: 2) }
        try store.append(Labels(["__name__": "y"]), time: 0, value: 1)
        #expect(copy.seriesCount == 300)
        #expect(copy.allSeries.allSatisfy { copy.samples($0).count == 1 })
        #expect(store.allSeries.filter { store.samples($0).count == 2 }.count == 300)
    }

    @Test func forgetsByTimeAndByBytes() throws {
        var configuration = TimeSeriesStore.Configuration()
        configuration.retention = 3_600_000
        configuration.samplesPerChunk = 60
        var store = TimeSeriesStore(configuration: configuration)
        let kept = Labels(["__name__": "kept"])
        let gone = Labels(["__name__": "gone"])
        for minute in 0..<600 {
            try store.append(kept, time: Int64(minute) * 60_000, value: Double(minute))
            if minute < 100 { try store.append(gone, time: Int64(minute) * 60_000, value: 1) }
        }
        store.prune(now: 600 * 60_000)
        #expect(store.identifier(of: gone) == nil)
        #expect(store.select([LabelMatcher(metric: "gone")]).isEmpty)
        let id = try #require(store.identifier(of: kept))
        let first = try #require(store.samples(id).first)
        #expect(first.time <= 540 * 60_000 && first.time > 400 * 60_000)
        store.configuration.retentionBytes = 0
        store.prune(now: 600 * 60_000)
        #expect(store.samples(id).count <= 60)
        #expect(store.samples(id).last == Sample(time: 599 * 60_000, value: 599))
    }

    @Test func selectsByMatchers() throws {
        var store = TimeSeriesStore()
        for (name, job, code) in [
            ("a", "x", "200"), ("a", "y", "500"), ("b", "x", ""), ("b", "y", "404"), ("c", "z", "500"),
        ] {
            try store.append(Labels(["__name__": name, "job": job, "code": code]), time: 0, value: 1)
        }
        func names(_ query: String) throws -> [String] {
            store.select(try PromQLParser.parseSelector(query)).map { store.labels($0).name + store.labels($0)["job"] }
        }
        #expect(try names(#"a"#) == ["ax", "ay"])
        #expect(try names(#"{job="x"}"#) == ["ax", "bx"])
        #expect(try names(#"{job=~"x|z"}"#) == ["ax", "bx", "cz"])
        #expect(try names(#"{job!="x",code!="404"}"#) == ["ay", "cz"])
        #expect(try names(#"{job=~".+",code=""}"#) == ["bx"])
        #expect(try names(#"{__name__=~"[ab]",code=~"|404"}"#) == ["bx", "by"])
        #expect(try names(#"{job=~".+",code!~"4..|5.."}"#) == ["ax", "bx"])
        #expect(store.labelValues("job") == ["x", "y", "z"])
        #expect(store.labelNames() == ["__name__", "code", "job"])
    }

    @Test func labelsAreComparedByBytes() {
        let composed = Labels(["name": "caf\u{E9}"])
        let decomposed = Labels(["name": "cafe\u{301}"])
        #expect(composed != decomposed)
        #expect(Labels.compare(Labels(["a": "b"]), Labels(["a": "b", "c": "d"])) < 0)
        #expect(Labels(["b": "2", "a": "1"]).description == #"{a="1", b="2"}"#)
        #expect(Labels(["my.name": "x"]).description == #"{"my.name"="x"}"#)
    }

    @Test func hashesLikeXXHash() {
        // Published values of the reference implementation with seed 0.
        #expect(XXHash64.hash([]) == 0xEF46_DB37_51D8_E999)
        #expect(XXHash64.hash(Array("a".utf8)) == 0xD24E_C4F1_A98C_6E5B)
        #expect(XXHash64.hash(Array("as".utf8)) == 0x1C33_0FB2_D66B_E179)
        #expect(XXHash64.hash(Array("abc".utf8)) == 0x44BC_2CF5_AD77_0999)
        #expect(
            XXHash64.hash(Array("Call me Ishmael. Some years ago--never mind how long precisely-".utf8))
                == 0x02A2_E854_70D6_FD96)
    }
}
