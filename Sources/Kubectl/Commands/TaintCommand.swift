import KubernetesAPI

/// `kubectl taint` (`kubectl/pkg/cmd/taint`).
enum TaintCommand: Command {
    static let definition = CommandDefinition(
        "taint", "Update the taints on one or more nodes",
        usage: "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]",
        examples: ["taint nodes n1 dedicated=agents:NoSchedule", "taint nodes n1 dedicated-"],
        flags: [
            .selector, .output, .dryRun, .fieldManager, .showManagedFields,
            Flag("all", "", .bool, "Select all nodes in the cluster"),
            Flag("overwrite", "", .bool, "If true, allow taints to be overwritten"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        var words = arguments.positional
        guard let kind = words.first, ["node", "nodes", "no"].contains(kind.lowercased()) else {
            throw CommandFailure("invalid resource type \(words.first.map { $0 } ?? ""), only node(s) is supported")
        }
        words.removeFirst()
        let names = words.prefix { !Self.isTaint($0) }
        let changes = try TaintChanges(Array(words.dropFirst(names.count)))
        var reporter = try Reporter(invocation)
        let found = try invocation.targets([kind] + names, on: &endpoint)
        var failures = found.failures.map { CommandFailure($0) }
        for node in found.objects {
            do throws(CommandFailure) {
                guard let object = node.decoded(Node.self) else { throw CommandFailure("\(node.label): not a node") }
                let result = try changes.applied(
                    to: object.spec.taints, node: node.name, overwrite: arguments.bool("overwrite"))
                let taints: JSONValue = result.taints.isEmpty ? .null : .array(result.taints.map(\.jsonValue))
                let after = try invocation.patch(
                    node, ["spec": ["taints": taints]], .strategicMerge, reporter.dryRun, manager: "kubectl-taint",
                    on: &endpoint)
                try reporter.report(node.kind.resource, node.name, result.deed, after)
            } catch { failures.append(error) }
        }
        return invocation.finish(failures)
    }

    private static func isTaint(_ word: String) -> Bool {
        word.contains("=") || word.contains(":") || word.hasSuffix("-")
    }
}

/// Taints to set and to remove.
struct TaintChanges: Equatable {
    var add: [Taint] = []
    /// An empty effect stands for all of a key.
    var remove: [Taint] = []

    init(_ words: [String]) throws(CommandFailure) {
        guard !words.isEmpty else { throw CommandFailure("at least one taint update is required") }
        for word in words {
            if word.hasSuffix("-") {
                remove.append(try Self.taint(String(word.dropLast()), needsEffect: false))
            } else {
                add.append(try Self.taint(word, needsEffect: true))
            }
        }
        for (index, taint) in add.enumerated()
        where add[..<index].contains(where: { $0.key == taint.key && $0.effect == taint.effect }) {
            throw CommandFailure("duplicated taints with the same key and effect: \(taint.text)")
        }
        for taint in add
        where remove.contains(where: { $0.key == taint.key && ($0.effect.isEmpty || $0.effect == taint.effect) }) {
            throw CommandFailure(
                "can not both modify and remove the following taint(s) in the same command: \(taint.text)")
        }
    }

    private static func taint(_ text: String, needsEffect: Bool) throws(CommandFailure) -> Taint {
        var taint = Taint()
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || (parts.count == 1 && !needsEffect) else {
            throw CommandFailure("invalid taint spec: \(text)")
        }
        if parts.count == 2 {
            taint.effect = parts[1]
            guard ["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(taint.effect) else {
                throw CommandFailure("invalid taint effect: \(taint.effect), unsupported taint effect")
            }
        }
        let pair = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        taint.key = pair[0]
        taint.value = pair.count > 1 ? pair[1] : ""
        if let problem = NameRules.qualifiedName(taint.key).first {
            throw CommandFailure("invalid taint spec: \(text), \(problem)")
        }
        if let problem = NameRules.labelValue(taint.value).first {
            throw CommandFailure("invalid taint spec: \(text), \(problem)")
        }
        return taint
    }

    /// What becomes of a node's taints, and the word for it.
    func applied(to present: [Taint], node: String, overwrite: Bool) throws(CommandFailure) -> (
        taints: [Taint], deed: String
    ) {
        if !overwrite {
            let keys = add.filter { taint in present.contains { $0.key == taint.key && $0.effect == taint.effect } }
                .map(\.key)
            if !keys.isEmpty {
                throw CommandFailure(
                    "node \(node) already has \(keys.joined(separator: ",")) taint(s) with same effect(s) and --overwrite is false"
                )
            }
        }
        var taints = add
        for old in present where !taints.contains(where: { $0.key == old.key && $0.effect == old.effect }) {
            taints.append(old)
        }
        for gone in remove {
            let count = taints.count
            taints.removeAll { $0.key == gone.key && (gone.effect.isEmpty || $0.effect == gone.effect) }
            guard taints.count < count else { throw CommandFailure("taint \"\(gone.text)\" not found") }
        }
        let deed = add.isEmpty ? "untainted" : remove.isEmpty ? "tainted" : "modified"
        return (taints, deed)
    }
}
