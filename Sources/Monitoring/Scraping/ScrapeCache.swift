import PromQL

/// The lines of a target's last answers, so that a line that comes again leads to its series without being parsed.
///
/// An exporter writes its lines in the same order each time. The cache remembers that order and compares each line with
/// the one expected; only where they part is a line looked up by its text. Fields that are touched for each sample lie in
/// arrays of their own.
struct ScrapeCache: Sendable {
    /// What a line leads to: a series of the store, or one of these.
    enum Destination {
        /// Metric relabelling drops it.
        static let dropped: SeriesID = -2
        /// It is a comment.
        static let comment: SeriesID = -3
        /// It is new in the scrape that is being read.
        static let unresolved: SeriesID = -1
    }

    /// The texts of all lines: series without value, comments as a whole.
    private(set) var keys: [UInt8] = []
    private(set) var keyStarts: [Int32] = []
    private(set) var keyCounts: [Int32] = []
    var series: [SeriesID] = []
    /// The scrape in which a line was last seen.
    var seen: [Int32] = []
    /// The scrape in which it was last seen as a series that gets a stale marker when it is gone.
    var tracked: [Int32] = []
    /// The stored labels of a series; none for what has no series.
    private(set) var labels: [Labels] = []
    /// The labels as a simulated exporter hands them over, for entries that have no text.
    private(set) var exposed: [Labels] = []
    /// What a comment says of the samples that follow, such as `histogram`; empty if it says nothing.
    private(set) var types: [String] = []
    /// The entries in the order of the last scrape.
    var order: [Int32] = []
    /// Entries whose series got a sample in the last scrape.
    var trackedEntries: [Int32] = []
    /// The last exemplar of an entry, so that one that is exposed again is not stored again.
    var exemplars: [Int32: ScrapedExemplar] = [:]

    /// Whether a line was looked up by its text or labels since the last scrape.
    private var wasSearched = false
    private var byText: [String: Int32]?
    private var byLabels: [Labels: Int32]?

    var count: Int { series.count }

    /// Whether the text of an entry begins the given bytes.
    @inline(__always)
    func begins(_ entry: Int, _ text: UnsafePointer<UInt8>, _ available: Int) -> Bool {
        let count = Int(keyCounts[entry])
        guard count > 0, count <= available else { return false }
        let start = Int(keyStarts[entry])
        return keys.withUnsafeBufferPointer { keys in
            guard let base = keys.baseAddress else { return false }
            return ScrapeText.sameBytes(base + start, text, count)
        }
    }

    mutating func find(text: String) -> Int? {
        wasSearched = true
        if byText == nil {
            var index: [String: Int32] = [:]
            for entry in 0..<count where keyCounts[entry] > 0 { index[self.text(of: entry)] = Int32(entry) }
            byText = index
        }
        return byText?[text].map(Int.init)
    }

    mutating func find(exposed labels: Labels) -> Int? {
        wasSearched = true
        if byLabels == nil {
            var index: [Labels: Int32] = [:]
            for entry in 0..<count where keyCounts[entry] == 0 { index[exposed[entry]] = Int32(entry) }
            byLabels = index
        }
        return byLabels?[labels].map(Int.init)
    }

    private func text(of entry: Int) -> String {
        let start = Int(keyStarts[entry])
        return String(decoding: keys[start..<(start + Int(keyCounts[entry]))], as: UTF8.self)
    }

    /// Adds an entry for a line; `text` is empty for one that a simulated exporter handed over.
    mutating func add(
        text: String, exposed: Labels = .empty, labels: Labels, series: SeriesID, type: String = ""
    ) -> Int {
        let entry = count
        keyStarts.append(Int32(clamping: keys.count))
        keyCounts.append(Int32(clamping: text.utf8.count))
        keys.append(contentsOf: text.utf8)
        self.series.append(series)
        seen.append(-1)
        tracked.append(-1)
        self.labels.append(labels)
        self.exposed.append(exposed)
        types.append(type)
        if text.isEmpty {
            if byLabels != nil { byLabels?[exposed] = Int32(clamping: entry) }
        } else if byText != nil {
            byText?[text] = Int32(clamping: entry)
        }
        return entry
    }

    /// Forgets the entries from one on: those of an answer that was refused.
    mutating func removeEntries(from first: Int) {
        guard first < count else { return }
        keys.removeLast(keys.count - Int(keyStarts[first]))
        let surplus = count - first
        keyStarts.removeLast(surplus)
        keyCounts.removeLast(surplus)
        series.removeLast(surplus)
        seen.removeLast(surplus)
        tracked.removeLast(surplus)
        labels.removeLast(surplus)
        exposed.removeLast(surplus)
        types.removeLast(surplus)
        byText = nil
        byLabels = nil
    }

    /// Keeps what was seen in a scrape and forgets the rest; of a target whose lines come as expected, the indexes too.
    mutating func keepSeen(in iteration: Int32) {
        if !wasSearched {
            byText = nil
            byLabels = nil
        }
        wasSearched = false
        guard seen.contains(where: { $0 != iteration }) else { return }
        var kept = ScrapeCache()
        var places = [Int32](repeating: -1, count: count)
        for entry in 0..<count where seen[entry] == iteration {
            let place = kept.add(
                text: keyCounts[entry] == 0 ? "" : text(of: entry), exposed: exposed[entry], labels: labels[entry],
                series: series[entry], type: types[entry])
            kept.seen[place] = iteration
            kept.tracked[place] = tracked[entry]
            places[entry] = Int32(clamping: place)
            if let exemplar = exemplars[Int32(entry)] { kept.exemplars[Int32(place)] = exemplar }
        }
        kept.order = order.map { places[Int($0)] }.filter { $0 >= 0 }
        kept.trackedEntries = trackedEntries.map { places[Int($0)] }.filter { $0 >= 0 }
        self = kept
    }
}
