/// Who owns which fields of an object, and what a write makes of it (`k8s.io/apimachinery/pkg/util/managedfields`).
public struct FieldOwnership: Sendable {
    /// One manager's part.
    struct Part: Sendable, Equatable {
        var manager: String
        var operation: String
        var subresource: String
        var apiVersion: String
        var time: Time?
        var fields: FieldSet

        /// Appliers are known whatever the version; others by version too.
        func isSame(_ manager: String, _ operation: String, _ subresource: String, _ apiVersion: String) -> Bool {
            self.manager == manager && self.operation == operation && self.subresource == subresource
                && (operation == "Apply" || self.apiVersion == apiVersion)
        }
    }

    static let (update, apply) = ("Update", "Apply")
    /// Managers of updates that are told apart; the oldest of more become one.
    static let updateLimit = 10

    private(set) var parts: [Part] = []

    /// - Throws: `FieldError` for entries that cannot be read.
    public init(_ entries: [ManagedFieldsEntry]) throws(FieldError) {
        for entry in entries {
            guard entry.fieldsType.isEmpty || entry.fieldsType == "FieldsV1" else {
                throw FieldError("unsupported fieldsType \(GoText.quoted(entry.fieldsType))")
            }
            guard entry.operation == Self.update || entry.operation == Self.apply else {
                throw FieldError("unknown operation \(GoText.quoted(entry.operation))")
            }
            parts.append(
                Part(
                    manager: entry.manager, operation: entry.operation, subresource: entry.subresource,
                    apiVersion: entry.apiVersion, time: entry.time,
                    fields: try FieldSet(json: entry.fieldsV1 ?? [:])))
        }
    }

    /// Whether anybody owns anything.
    public var isEmpty: Bool { parts.isEmpty }

    /// As metadata carries it: appliers before updaters, older before newer.
    public var entries: [ManagedFieldsEntry] {
        parts.sorted { left, right in
            if left.operation != right.operation { return left.operation < right.operation }
            let (a, b) = (left.time?.epochSeconds ?? 0, right.time?.epochSeconds ?? 0)
            if a != b { return a < b }
            let (names, others) = (
                [left.manager, left.apiVersion, left.subresource], [right.manager, right.apiVersion, right.subresource]
            )
            return names.lexicographicallyPrecedes(others) { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }.map { part in
            var entry = ManagedFieldsEntry()
            entry.manager = part.manager
            entry.operation = part.operation
            entry.apiVersion = part.apiVersion
            entry.time = part.time
            entry.fieldsType = "FieldsV1"
            entry.fieldsV1 = part.fields.json
            entry.subresource = part.subresource
            return entry
        }
    }

    // MARK: Fields that nobody owns

    /// What the server itself sets, and, unless the write is one of the status, the status.
    static func owned(_ fields: FieldSet, subresource: String) -> FieldSet {
        var result = fields.without(.field("apiVersion")).without(.field("kind"))
        var metadata = result[.field("metadata")]
        metadata.isMember = false
        for name in [
            "name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields",
            "resourceVersion",
            "deletionTimestamp", "deletionGracePeriodSeconds",
        ] {
            metadata = metadata.without(.field(name))
        }
        result[.field("metadata")] = metadata
        if subresource == "status" {
            return result.without(.field("spec"))
        }
        return subresource.isEmpty ? result.without(.field("status")) : result
    }

    // MARK: Updates

    /// Somebody wrote a new object over an old one: what changed is theirs now, what is gone is nobody's.
    public mutating func update(
        from old: JSONValue, to new: JSONValue, shape: MergeShape, manager: String, apiVersion: String,
        subresource: String, at now: Time
    ) {
        let difference = TypedValue(old, shape).difference(to: new)
        let changed = Self.owned(difference.added.union(difference.modified), subresource: subresource)
        let removed = Self.owned(difference.removed, subresource: subresource)
        take(changed, removed, manager, Self.update, apiVersion, subresource, now)
        bound()
    }

    /// Makes fields one manager's and takes them, and those that are gone, from all others.
    private mutating func take(
        _ changed: FieldSet, _ removed: FieldSet, _ manager: String, _ operation: String, _ apiVersion: String,
        _ subresource: String, _ now: Time
    ) {
        let own = parts.firstIndex { $0.isSame(manager, operation, subresource, apiVersion) }
        for index in parts.indices where index != own {
            parts[index].fields = parts[index].fields.subtracting(changed).subtracting(removed)
        }
        if let own {
            let fields = parts[own].fields.subtracting(removed).union(changed)
            if fields != parts[own].fields || !changed.isEmpty { parts[own].time = now }
            parts[own].fields = fields
        } else if !changed.isEmpty {
            parts.append(
                Part(
                    manager: manager, operation: operation, subresource: subresource, apiVersion: apiVersion, time: now,
                    fields: changed))
        }
        parts.removeAll(where: \.fields.isEmpty)
    }

    /// Makes one of the oldest of too many updaters (`capmanagers.go`).
    private mutating func bound() {
        let updaters = parts.indices.filter { parts[$0].operation == Self.update }
        guard updaters.count > Self.updateLimit else { return }
        let oldest = updaters.sorted { (parts[$0].time?.epochSeconds ?? 0) < (parts[$1].time?.epochSeconds ?? 0) }
            .prefix(updaters.count - Self.updateLimit + 1)
        var merged = parts[oldest.last ?? 0]
        merged.manager = "ancient-changes"
        merged.fields = oldest.reduce(FieldSet()) { $0.union(parts[$1].fields) }
        let gone = Set(oldest)
        parts = parts.indices.filter { !gone.contains($0) }.map { parts[$0] } + [merged]
    }

    /// Adds the part of the controllers: the status, and one annotation that they write.
    public mutating func addControllers(
        _ object: JSONValue, _ shape: MergeShape, apiVersion: String, annotation: String, at time: Time
    ) {
        let blank: JSONValue = ["metadata": ["annotations": [:]], "status": [:]]
        guard case .object(let members) = object else { return }
        var part: JSONValue = ["status": members["status"] ?? [:]]
        if let value = members["metadata"]?["annotations"]?[annotation] {
            part = [
                "metadata": ["annotations": .object([annotation: value])], "status": members["status"] ?? [:],
            ]
        }
        let fields = TypedValue(blank, shape).difference(to: part).added
        guard !fields.isEmpty else { return }
        // Somebody may have written back what they had read.
        parts.removeAll { $0.manager == "kube-controller-manager" && $0.subresource == "status" }
        parts.append(
            Part(
                manager: "kube-controller-manager", operation: Self.update, subresource: "status",
                apiVersion: apiVersion, time: time, fields: fields))
    }

    /// Gives an applier what a manager of updates owned.
    /// - Returns: whether there was anything to give.
    public mutating func giveUpdates(of manager: String, toApplier applier: String) -> Bool {
        let given = parts.filter { $0.manager == manager && $0.operation == Self.update && $0.subresource.isEmpty }
        guard !given.isEmpty,
            let target = parts.firstIndex(where: {
                $0.manager == applier && $0.operation == Self.apply && $0.subresource.isEmpty
            })
        else { return false }
        for part in given { parts[target].fields = parts[target].fields.union(part.fields) }
        parts.removeAll { $0.manager == manager && $0.operation == Self.update && $0.subresource.isEmpty }
        return true
    }

    /// One field that a controller or a scale took over.
    public mutating func take(
        _ path: [String], manager: String, apiVersion: String, subresource: String, at now: Time
    ) {
        var set = FieldSet()
        set.isMember = true
        for name in path.reversed() {
            var outer = FieldSet()
            outer[.field(name)] = set
            set = outer
        }
        take(set, FieldSet(), manager, Self.update, apiVersion, subresource, now)
    }

    // MARK: Applying

    /// What somebody applies is merged into the live object; what they applied before and leave out now goes, unless
    /// somebody else owns it.
    /// - Parameters:
    ///   - live: the object as it is; nil if there is none yet.
    ///   - force: take what others own.
    /// - Returns: the merged object, before defaults and validation.
    /// - Throws: 409 with every conflict, 500 for a configuration that the type does not have.
    public mutating func apply(
        _ configuration: JSONValue, to live: JSONValue?, shape: MergeShape, manager: String, apiVersion: String,
        subresource: String, force: Bool, what: String, at now: Time
    ) throws(APIStatus) -> JSONValue {
        let applied: FieldSet
        let merged: JSONValue
        do {
            applied = Self.owned(try TypedValue(configuration, shape).fields(), subresource: subresource)
            merged =
                try live.map { value throws(FieldError) in try TypedValue(value, shape).merged(with: configuration) }
                ?? configuration
        } catch {
            throw APIStatus(
                code: 500, reason: "", message: "failed to create typed patch object (\(what)): \(error.description)")
        }
        if let live, isEmpty, let all = try? TypedValue(live, shape).fields() {
            // Nobody has told who set what is there already.
            let fields = Self.owned(all, subresource: "")
            if !fields.isEmpty {
                parts.append(
                    Part(
                        manager: "before-first-apply", operation: Self.update, subresource: "", apiVersion: apiVersion,
                        time: now, fields: fields))
            }
        }
        let own = parts.firstIndex { $0.isSame(manager, Self.apply, subresource, apiVersion) }
        let before = own.map { parts[$0].fields } ?? FieldSet()
        let others = parts.indices.filter { $0 != own }.reduce(applied) { $0.union(parts[$1].fields) }
        let result = TypedValue(merged, shape).removing(before.subtracting(applied), keeping: others)
        let difference = TypedValue(live ?? [:], shape).difference(to: result)
        let changed = Self.owned(difference.added.union(difference.modified), subresource: subresource)
        var conflicts: [(part: Part, path: [FieldPathElement])] = []
        for index in parts.indices where index != own {
            conflicts += parts[index].fields.intersection(changed).intersection(applied).paths.map {
                (parts[index], $0)
            }
        }
        guard conflicts.isEmpty || force else { throw Self.conflict(conflicts) }
        let removed = Self.owned(difference.removed, subresource: subresource)
        for index in parts.indices where index != own {
            parts[index].fields = parts[index].fields.subtracting(changed.intersection(applied)).subtracting(removed)
        }
        if let own {
            let isUnchanged =
                parts[own].fields == applied && parts[own].apiVersion == apiVersion && changed.isEmpty
                && removed.isEmpty
            parts[own].fields = applied
            parts[own].apiVersion = apiVersion
            if !isUnchanged { parts[own].time = now }
        } else {
            parts.append(
                Part(
                    manager: manager, operation: Self.apply, subresource: subresource, apiVersion: apiVersion,
                    time: now,
                    fields: applied))
        }
        parts.removeAll(where: \.fields.isEmpty)
        return result
    }

    private static func conflict(_ conflicts: [(part: Part, path: [FieldPathElement])]) -> APIStatus {
        func name(_ part: Part) -> String {
            var text = GoText.quoted(part.manager)
            if !part.subresource.isEmpty { text += " with subresource \(GoText.quoted(part.subresource))" }
            return part.operation == update ? text + " using \(part.apiVersion)" : text
        }
        func text(_ path: [FieldPathElement]) -> String { path.map(\.description).joined() }
        let sorted = conflicts.sorted { name($0.part).utf8.lexicographicallyPrecedes(name($1.part).utf8) }
        let causes = sorted.map {
            APIStatus.Cause(
                reason: "FieldManagerConflict", message: "conflict with \(name($0.part))", field: text($0.path))
        }
        var message = ""
        if sorted.count == 1, let only = sorted.first {
            message = "Apply failed with 1 conflict: conflict with \(name(only.part)): \(text(only.path))"
        } else {
            var lines: [String] = []
            var last = ""
            for conflict in sorted {
                if name(conflict.part) != last {
                    last = name(conflict.part)
                    lines.append("conflicts with \(last):")
                }
                lines.append("- " + text(conflict.path))
            }
            message = "Apply failed with \(sorted.count) conflicts: " + lines.joined(separator: "\n")
        }
        return APIStatus(code: 409, reason: "Conflict", message: message, causes: causes)
    }
}
