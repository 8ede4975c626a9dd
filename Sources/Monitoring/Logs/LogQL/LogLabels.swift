import PromQL

/// The labels of one line on its way through a pipeline: those of the stream and the structured metadata, and over them
/// what stages have set or removed.
struct LogLabels {
    static let error = "__error__"
    static let errorDetails = "__error_details__"

    private let base: Labels
    /// What stages did, the latest of a name only; nil stands for removed.
    private var changes: [(name: String, value: String?)] = []
    private(set) var errorName = ""
    private(set) var details = ""

    /// The labels of a line before the first stage.
    init(stream: Labels, metadata: Labels) {
        base = metadata.isEmpty ? stream : Labels(stream.pairs + metadata.pairs)
    }

    init(base: Labels) { self.base = base }

    subscript(name: String) -> String {
        if name == LogLabels.error { return errorName }
        if name == LogLabels.errorDetails { return details }
        for change in changes where ByteOrder.same(change.name, name) { return change.value ?? "" }
        return base[name]
    }

    mutating func set(_ name: String, _ value: String?) {
        if name == LogLabels.error || name == LogLabels.errorDetails {
            if name == LogLabels.error { errorName = value ?? "" } else { details = value ?? "" }
            return
        }
        if let index = changes.firstIndex(where: { ByteOrder.same($0.name, name) }) {
            changes[index].value = value
        } else {
            changes.append((name, value))
        }
    }

    /// Sets what a parser found: a name that the stream has gets `_extracted` behind it, and of two values of one name
    /// the first counts.
    mutating func extract(_ name: String, _ value: String) {
        let kept = base[name].isEmpty ? name : name + "_extracted"
        if changes.contains(where: { ByteOrder.same($0.name, kept) && $0.value != nil }) { return }
        set(kept, value)
    }

    /// The first failure of a line stays.
    mutating func fail(_ error: String, _ details: String) {
        errorName = error
        self.details = details
    }

    var hasError: Bool { !errorName.isEmpty }

    mutating func keep(where isKept: (String, String) -> Bool) {
        for pair in current.pairs where !isKept(pair.name, pair.value) { set(pair.name, nil) }
    }

    /// All labels without those of the error.
    private var current: Labels {
        if changes.isEmpty { return base }
        var pairs = base.pairs.filter { pair in !changes.contains { ByteOrder.same($0.name, pair.name) } }
        for change in changes { if let value = change.value { pairs.append(Label(change.name, value)) } }
        return Labels(pairs)
    }

    /// All labels, with those of the error if there is one.
    var result: Labels {
        guard hasError || !details.isEmpty else { return current }
        return Labels(
            current.pairs + [Label(LogLabels.error, errorName), Label(LogLabels.errorDetails, details)])
    }

    /// A key as a label's name: other characters are `_`, and a digit at the beginning of a whole name gets one before
    /// it.
    static func sanitized(_ key: some Collection<UInt8>, isWhole: Bool) -> String {
        var out: [UInt8] = []
        for byte in key {
            if (48...57).contains(byte) {
                if out.isEmpty, isWhole { out.append(95) }
                out.append(byte)
            } else if byte == 95 || (65...90).contains(byte) || (97...122).contains(byte) {
                out.append(byte)
            } else if byte & 0xC0 != 0x80 {
                // One sign for one character, not for each of its bytes.
                out.append(95)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
