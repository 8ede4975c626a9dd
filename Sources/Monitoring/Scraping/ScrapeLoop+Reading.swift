import PromQL

extension ScrapeLoop {
    /// How far ahead of the expected line one is looked for, before its text is looked up: lines that are gone.
    private static let lookahead = 4

    /// How far a sample's own time may lie ahead of the scrape's, in milliseconds.
    private static let furthestFuture: Int64 = 600_000

    /// Notes a sample of an entry; it has been counted.
    mutating func take(_ entry: Int, isNew: Bool, value: Double, time explicit: Int64?, at time: Int64) {
        let again = cache.seen[entry] == iteration
        if !again {
            cache.seen[entry] = iteration
            order.append(Int32(truncatingIfNeeded: entry))
        }
        if cache.series[entry] == ScrapeCache.Destination.dropped { return }
        report.postRelabelling += 1
        let explicit = honorTimestamps ? explicit : nil
        if again, explicit == nil {
            report.refused += 1
            return
        }
        attempts += 1
        if labels.limits.samples > 0, attempts > labels.limits.samples {
            if firstBeyondLimit == nil { firstBeyondLimit = isNew ? entry : cache.count }
            return
        }
        if let explicit, explicit > time + Self.furthestFuture {
            report.refused += 1
            return
        }
        if isNew { report.seriesAdded += 1 }
        pending.append(
            PendingSample(
                entry: Int32(truncatingIfNeeded: entry), tracked: explicit == nil || trackTimestampsStaleness,
                time: explicit ?? time, value: value))
    }

    private mutating func take(_ exemplar: ScrapedExemplar, of entry: Int, at time: Int64) {
        guard cache.series[entry] != ScrapeCache.Destination.dropped else { return }
        pendingExemplars.append((Int32(truncatingIfNeeded: entry), exemplar, time))
    }

    // MARK: - Samples of a simulated exporter

    mutating func take(_ sample: ScrapedSample, at time: Int64) throws(ScrapeError) {
        report.scraped += 1
        var entry = nextExpected(sample.labels)
        if entry == nil { entry = cache.find(exposed: sample.labels) }
        let isNew = entry == nil
        let known: Int
        if let entry {
            known = entry
        } else {
            if sample.labels.isEmpty { throw ScrapeError("missing metric name (__name__ label)") }
            known = try add("", exposed: sample.labels, SampleLabels.normalised(sample.labels, type: sample.type))
        }
        take(known, isNew: isNew, value: sample.value, time: sample.time, at: time)
        if let exemplar = sample.exemplar { take(exemplar, of: known, at: sample.time ?? time) }
    }

    private mutating func nextExpected(_ labels: Labels) -> Int? {
        for place in expected..<min(expected + Self.lookahead, max(expected, cache.order.count)) {
            let entry = Int(cache.order[place])
            if cache.keyCounts[entry] == 0, cache.exposed[entry] == labels {
                expected = place + 1
                return entry
            }
        }
        return nil
    }

    private mutating func add(
        _ text: String, exposed: Labels = .empty, _ labels: Labels
    ) throws(ScrapeError) -> Int {
        let stored = try self.labels.stored(labels)
        return cache.add(
            text: text, exposed: exposed, labels: stored ?? .empty,
            series: stored == nil ? ScrapeCache.Destination.dropped : ScrapeCache.Destination.unresolved)
    }

    // MARK: - Text

    /// Reads exposition text: known lines by comparing bytes, others with the whole reader.
    mutating func read(_ bytes: [UInt8], format: ExpositionFormat, at time: Int64) throws(ScrapeError) {
        try bytes.withUnsafeBufferPointer { text throws(ScrapeError) in
            var place = 0
            var line = 0
            var ended = false
            while place < text.count {
                line += 1
                if ended { throw ScrapeError("line \(line): data after # EOF") }
                if let next = readKnown(text, from: place, format, at: time) {
                    place = next
                    continue
                }
                let end = ScrapeText.endOfLine(text, from: place)
                ended = try readLine(text, place..<end, number: line, format, at: time)
                place = end + 1
            }
            if format == .openMetrics, !ended { throw ScrapeError("data does not end with # EOF") }
        }
    }

    /// Reads the line at a place if it is one that is expected. Returns where the next begins.
    @inline(__always)
    private mutating func readKnown(
        _ text: UnsafeBufferPointer<UInt8>, from place: Int, _ format: ExpositionFormat, at time: Int64
    ) -> Int? {
        guard let base = text.baseAddress else { return nil }
        var candidate = expected
        let end = min(expected + Self.lookahead, cache.order.count)
        while candidate < end {
            let entry = Int(cache.order[candidate])
            if cache.begins(entry, base + place, text.count - place) {
                let after = place + Int(cache.keyCounts[entry])
                if cache.series[entry] == ScrapeCache.Destination.comment {
                    guard after == text.count || text[after] == 10 else { return nil }
                    expected = candidate + 1
                    note(comment: entry)
                    return min(after + 1, text.count)
                }
                guard let rest = ScrapeText.rest(text, from: after) else { return nil }
                let explicit = Self.milliseconds(rest.time, format)
                if rest.time != nil, explicit == nil { return nil }
                expected = candidate + 1
                report.scraped += 1
                take(entry, isNew: false, value: rest.value, time: explicit, at: time)
                return rest.next
            }
            candidate += 1
        }
        return nil
    }

    private mutating func note(comment entry: Int) {
        if cache.seen[entry] != iteration {
            cache.seen[entry] = iteration
            order.append(Int32(truncatingIfNeeded: entry))
        }
        if !cache.types[entry].isEmpty { currentType = cache.types[entry] }
    }

    private static func milliseconds(_ time: Int64?, _ format: ExpositionFormat) -> Int64? {
        guard let time, format == .openMetrics else { return time }
        let (product, over) = time.multipliedReportingOverflow(by: 1000)
        return over ? nil : product
    }

    /// Reads any line. Returns whether it ends the text.
    private mutating func readLine(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, number: Int, _ format: ExpositionFormat,
        at time: Int64
    ) throws(ScrapeError) -> Bool {
        var start = range.lowerBound
        while start < range.upperBound, text[start] == 32 || text[start] == 9 || text[start] == 13 { start += 1 }
        if start == range.upperBound {
            if format == .openMetrics { throw ScrapeError("line \(number): empty line") }
            return false
        }
        let bytes = Array(text[start..<range.upperBound])
        if bytes[0] == UInt8(ascii: "#") { return try readComment(bytes, number: number, format) }
        let seriesEnd = ScrapeText.endOfSeries(text, from: start, lineEnd: range.upperBound)
        let key = String(decoding: text[start..<seriesEnd], as: UTF8.self)
        var entry = cache.find(text: key)
        if let entry, let rest = ScrapeText.rest(text, from: seriesEnd) {
            let explicit = Self.milliseconds(rest.time, format)
            if (rest.time == nil) == (explicit == nil) {
                report.scraped += 1
                take(entry, isNew: false, value: rest.value, time: explicit, at: time)
                return false
            }
        }
        if bytes.last == 13 {
            // The number is read up to the line feed.
            let word = bytes.split(whereSeparator: { $0 == 32 || $0 == 9 }).last ?? []
            throw ScrapeError(
                "line \(number): strconv.ParseFloat: parsing "
                    + "\(GoQuote.quote(String(decoding: word, as: UTF8.self))): invalid syntax")
        }
        guard let sample = try Self.parse(bytes, number: number, format).sample else { return false }
        report.scraped += 1
        let isNew = entry == nil
        if entry == nil {
            entry = try add(key, SampleLabels.normalised(sample.labels, type: currentType))
        }
        guard let entry else { return false }
        take(entry, isNew: isNew, value: sample.value, time: sample.time, at: time)
        if let exemplar = sample.exemplar {
            take(
                ScrapedExemplar(labels: exemplar.labels, value: exemplar.value, time: exemplar.time), of: entry,
                at: sample.time ?? time)
        }
        return false
    }

    private mutating func readComment(
        _ bytes: [UInt8], number: Int, _ format: ExpositionFormat
    ) throws(ScrapeError) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        if format == .openMetrics, text == "# EOF" || text == "# EOF\r" { return true }
        var type = ""
        for (name, said) in try Self.parse(bytes, number: number, format).metadata {
            var entry = newMetadata[name] ?? metadata[name] ?? MetricMetadata()
            switch text.dropFirst().drop(while: { $0 == " " || $0 == "\t" }).prefix(4) {
            case "TYPE":
                entry.type = said.type
                type = said.type
                currentType = type
            case "HELP": entry.help = said.help
            default: entry.unit = said.unit
            }
            newMetadata[name] = entry
        }
        let entry: Int
        if let known = cache.find(text: text) {
            entry = known
        } else {
            entry = cache.add(text: text, labels: .empty, series: ScrapeCache.Destination.comment, type: type)
        }
        note(comment: entry)
        return false
    }

    /// What one line says, by the whole reader.
    private static func parse(
        _ line: [UInt8], number: Int, _ format: ExpositionFormat
    ) throws(ScrapeError) -> (sample: ExposedSample?, metadata: [String: MetricMetadata]) {
        var reader = ExpositionReader(
            line + (format == .openMetrics ? Array("\n# EOF\n".utf8) : [10]), format: format)
        var found: ExposedSample?
        do throws(ExpositionError) {
            try reader.read { (_, sample) throws(ExpositionError) in found = sample }
        } catch {
            throw ScrapeError("line \(number): \(error.message)")
        }
        return (found, reader.metadata)
    }
}
