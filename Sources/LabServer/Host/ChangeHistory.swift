import Cluster
import KubernetesAPI

/// The newest changes of the store, so that a watch can begin where a list ended (the API server's watch cache).
struct ChangeHistory {
    /// A change, with its JSON for those who asked for it already: a hundred watchers of one kind get the same bytes.
    final class Entry {
        let change: WatchedChange
        private var encoded: [WatchEvent.Kind: (resource: ResourceType, bytes: [UInt8])] = [:]

        init(_ change: WatchedChange) { self.change = change }

        /// The line of a watch about it, in plain JSON.
        func line(_ event: WatchEvent.Kind, as resource: ResourceType) -> [UInt8] {
            if let known = encoded[event], known.resource == resource { return known.bytes }
            let bytes = WatchLine.json(event.rawValue, change.object(for: event, as: resource))
            encoded[event] = (resource, bytes)
            return bytes
        }
    }

    private var entries: [Entry] = []
    /// Index of the oldest entry that counts; those before it are dropped now and then, not each time.
    private var first = 0
    /// Changes up to this revision are forgotten.
    private(set) var forgotten: Int64

    /// Changes that are kept at most.
    static let capacity = 20_000

    /// - Parameter revision: that of the store when the history begins.
    init(since revision: Int64) { forgotten = revision }

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        guard entries.count - first > Self.capacity else { return }
        forgotten = entries[first].change.revision
        first += 1
        guard first > Self.capacity else { return }
        entries.removeFirst(first)
        first = 0
    }

    /// The changes after a revision, the oldest first.
    /// - Returns: nil if some of them are forgotten (410 Gone).
    func since(_ revision: Int64) -> ArraySlice<Entry>? {
        guard revision >= forgotten else { return nil }
        var (low, high) = (first, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].change.revision <= revision { low = middle + 1 } else { high = middle }
        }
        return entries[low...]
    }
}

/// One line of a watch.
enum WatchLine {
    static func json(_ type: String, _ object: JSONValue) -> [UInt8] {
        var line = Array("{\"type\":\"\(type)\",\"object\":".utf8)
        line += object.compactBytes
        line += Array("}\n".utf8)
        return line
    }

    /// The failure that ends a watch.
    static func failure(_ status: APIStatus) -> [UInt8] { json("ERROR", status.json(group: "")) }
}
