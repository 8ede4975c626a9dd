/// Which series have which label: lists of series, ascending, by name and value.
struct PostingsIndex: Sendable {
    private var postings: [String: [String: [SeriesID]]] = [:]

    mutating func add(_ id: SeriesID, _ labels: Labels) {
        for pair in labels.pairs { postings[pair.name, default: [:]][pair.value, default: []].append(id) }
    }

    mutating func remove(_ ids: Set<SeriesID>, _ labels: Labels) {
        for pair in labels.pairs {
            postings[pair.name]?[pair.value]?.removeAll { ids.contains($0) }
            if postings[pair.name]?[pair.value]?.isEmpty == true { postings[pair.name]?[pair.value] = nil }
            if postings[pair.name]?.isEmpty == true { postings[pair.name] = nil }
        }
    }

    func series(_ name: String, _ value: String) -> [SeriesID] { postings[name]?[value] ?? [] }

    /// The series whose value of a label passes; ascending.
    func series(_ name: String, where passes: (String) -> Bool) -> [SeriesID] {
        guard let values = postings[name] else { return [] }
        let lists = values.filter { passes($0.key) }.map(\.value)
        if lists.count == 1 { return lists[0] }
        return lists.flatMap { $0 }.sorted()
    }

    var names: [String] { postings.keys.sorted(by: ByteOrder.less) }

    func values(_ name: String) -> [String] { (postings[name] ?? [:]).keys.sorted(by: ByteOrder.less) }
}
