import KubernetesAPI

/// Collects what `kubectl describe` prints: lines with an indent and cells between tabs, aligned at the end.
struct DescriptionWriter {
    /// Ages are relative to it.
    let now: Time
    /// The lines with their tabs, before they are aligned.
    private(set) var text = ""

    init(now: Time) { self.now = now }

    /// Two spaces a level.
    mutating func line(_ level: Int = 0, _ line: String) {
        text += String(repeating: "  ", count: level) + line + "\n"
    }

    /// `Name:\tvalue`
    mutating func field(_ name: String, _ value: String, level: Int = 0) { line(level, "\(name):\t\(value)") }

    mutating func append(_ more: String) { text += more }

    var aligned: String {
        var writer = TabWriter.description
        return writer.aligned(text)
    }

    /// Labels or other pairs, one a line: `a=1`.
    mutating func labels(_ title: String, _ labels: [String: String]) {
        multiline(
            title, labels.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\($0)=\(labels[$0] ?? "")" }
        )
    }

    /// Lines behind one title; `<none>` for none.
    mutating func multiline(_ title: String, _ lines: [String]) {
        guard let first = lines.first else { return field(title, "<none>") }
        field(title, first)
        for more in lines.dropFirst() { text += "\t\(more)\n" }
    }

    private static let longestAnnotation = 140

    /// Annotations without the one in which apply remembers the manifest; long ones begin on a line of their own.
    mutating func annotations(_ title: String, _ annotations: [String: String]) {
        let keys = annotations.keys.filter { $0 != ApplyCommand.lastApplied }.sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
        var lines: [String] = []
        for key in keys {
            var value = annotations[key] ?? ""
            if value.hasSuffix("\n") { value.removeLast() }
            guard value.contains("\n") || value.utf8.count + key.utf8.count + 2 > Self.longestAnnotation else {
                lines.append("\(key): \(value)")
                continue
            }
            lines.append(key + ":")
            for part in value.split(separator: "\n", omittingEmptySubsequences: false) {
                let limit = Self.longestAnnotation - 2
                lines.append("  " + (part.count > limit ? part.prefix(limit) + "..." : part))
            }
        }
        multiline(title, lines)
    }

    /// Name, namespace and the rest that most kinds begin with.
    mutating func header(_ metadata: ObjectMeta, namespaced: Bool = true, labels showsLabels: Bool = true) {
        field("Name", metadata.name)
        if namespaced { field("Namespace", metadata.namespace) }
        guard showsLabels else { return }
        labels("Labels", metadata.labels)
        annotations("Annotations", metadata.annotations)
    }

    /// The controller that made the object.
    mutating func controlledBy(_ metadata: ObjectMeta) {
        guard let owner = metadata.ownerReferences.first(where: { $0.controller == true }) else { return }
        field("Controlled By", "\(owner.kind)/\(owner.name)")
    }

    /// A table of conditions.
    mutating func conditions(_ rows: [(type: String, status: String, reason: String)]) {
        guard !rows.isEmpty else { return }
        line(0, "Conditions:")
        line(1, "Type\tStatus\tReason")
        line(1, "----\t------\t------")
        for row in rows { line(1, "\(row.type) \t\(row.status)\t\(row.reason)") }
    }

    /// The block `Events` at the end of most descriptions (`DescribeEvents`).
    mutating func events(_ events: [Event]) {
        guard !events.isEmpty else { return field("Events", "<none>") }
        line(0, "Events:")
        line(1, "Type\tReason\tAge\tFrom\tMessage")
        line(1, "----\t------\t----\t----\t-------")
        for event in events {
            let source = event.source?.component ?? ""
            let place = event.involvedObject.fieldPath
            let message = (place.isEmpty ? "" : place + ": ") + event.message.trimmingSpace
            line(
                1,
                "\(event.type)\t\(event.reason)\t\(event.interval(now: now))\t\(source.or(event.reportingComponent))\t\(message)"
            )
        }
    }

    func since(_ time: Time?) -> String { HumanDuration.since(time, now: now) }
}

extension Event {
    /// `27s`, or `27s (x5 over 2m)` if it happened more than once.
    func interval(now: Time) -> String {
        let first = HumanDuration.since(
            eventTime.map { Time(epochSeconds: $0.epochMicroseconds / 1_000_000) } ?? firstTimestamp, now: now)
        if let series {
            let last = series.lastObservedTime.map { Time(epochSeconds: $0.epochMicroseconds / 1_000_000) }
            return "\(HumanDuration.since(last, now: now)) (x\(series.count ?? 0) over \(first))"
        }
        return count > 1 ? "\(HumanDuration.since(lastTimestamp, now: now)) (x\(count) over \(first))" : first
    }

    /// In the order of their last occurrence. Within a second those that began first come first: an event's name ends
    /// with its beginning, in hexadecimal digits.
    static func byTime(_ events: [Event]) -> [Event] {
        func beginning(_ event: Event) -> UInt64 {
            event.metadata.name.split(separator: ".").last.flatMap { UInt64($0, radix: 16) } ?? 0
        }
        return events.enumerated().sorted { left, right in
            let (a, b) = (left.element.lastSeen?.epochSeconds ?? 0, right.element.lastSeen?.epochSeconds ?? 0)
            if a != b { return a < b }
            let (first, second) = (beginning(left.element), beginning(right.element))
            return first != second ? first < second : left.offset < right.offset
        }.map(\.element)
    }
}

extension Time {
    /// `Mon, 23 Nov 2026 09:26:49 +0000` (Go's RFC1123Z).
    var longText: String {
        let parts = CivilTime.components(seconds: epochSeconds)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return
            "\(days[Int(parts.weekday)]), \(two(parts.day)) \(months[Int(parts.month - 1)]) \(parts.year) \(two(parts.hour)):\(two(parts.minute)):\(two(parts.second)) +0000"
    }
}

extension Optional where Wrapped == Time {
    var longText: String { self?.longText ?? "<unset>" }
}

extension Bool {
    /// `True` or `False`, as kubectl prints flags.
    var titleText: String { self ? "True" : "False" }
}
