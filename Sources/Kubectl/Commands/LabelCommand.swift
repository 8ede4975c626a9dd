import KubernetesAPI
import OrderedCollections

/// What `label` and `annotate` have in common: pairs to set and keys to remove.
private struct PairChanges {
    var resources: [String] = []
    var set: [(key: String, value: String)] = []
    var remove: [String] = []

    /// Words with `=`, or with `-` at their end, are changes; those before them name objects.
    init(_ words: [String], _ noun: String) throws(CommandFailure) {
        var index = 0
        while index < words.count, !Self.isChange(words[index]) {
            resources.append(words[index])
            index += 1
        }
        for word in words[index...] {
            if let equals = word.firstIndex(of: "=") {
                set.append((String(word[..<equals]), String(word[word.index(after: equals)...])))
            } else if word.hasSuffix("-"), word.count > 1 {
                remove.append(String(word.dropLast()))
            } else {
                throw CommandFailure("unknown \(noun) spec: \(word)")
            }
        }
        for (key, _) in set where remove.contains(key) {
            throw CommandFailure("can not both modify and remove a \(noun) in the same command")
        }
    }

    private static func isChange(_ word: String) -> Bool {
        word.contains("=") || (word.hasSuffix("-") && word.count > 1)
    }

    func patch(_ member: String) -> JSONValue {
        var pairs: OrderedDictionary<String, JSONValue> = [:]
        for key in remove { pairs[key] = .null }
        for (key, value) in set { pairs[key] = .string(value) }
        return ["metadata": .object([member: .object(pairs)])]
    }

    static let flags: [Flag] = [
        .filename, .recursive, .kustomize, .selector, .fieldSelector, .allNamespaces, .output, .dryRun, .fieldManager,
        .showManagedFields,
        Flag("all", "", .bool, "Select all resources of the named kinds"),
        Flag("overwrite", "", .bool, "Allow values that are there to be overwritten"),
        Flag("list", "", .bool, "Display the pairs of the objects"),
        Flag("resource-version", "Precondition: the object's resource version"),
    ]
}

/// `kubectl label` (`kubectl/pkg/cmd/label`).
enum LabelCommand: Command {
    static let definition = CommandDefinition(
        "label", "Update the labels on a resource",
        usage:
            "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]",
        examples: [
            "label pods web-1 unhealthy=true", "label --overwrite node n1 disk=ssd", "label pods --all status=old",
            "label pod web-1 bar-",
        ],
        flags: PairChanges.flags)

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let changes = try PairChanges(arguments.positional, "label")
        let lists = arguments.bool("list")
        guard !changes.set.isEmpty || !changes.remove.isEmpty || lists else {
            throw CommandFailure("at least one label update is required")
        }
        for (key, value) in changes.set {
            let problems = NameRules.qualifiedName(key)
            if let problem = problems.first { throw CommandFailure("invalid label key \"\(key)\": \(problem)") }
            let wrong = NameRules.labelValue(value)
            if let problem = wrong.first { throw CommandFailure("invalid label value: \"\(value)\": \(problem)") }
        }
        var reporter = try Reporter(invocation)
        let found = try invocation.targets(changes.resources, on: &endpoint)
        var failures = found.failures.map { CommandFailure($0) }
        for target in found.objects {
            do throws(CommandFailure) {
                let labels = target.value["metadata"]?["labels"]?.object ?? [:]
                if !arguments.bool("overwrite") {
                    for (key, value) in changes.set {
                        guard let present = labels[key]?.string, present != value else { continue }
                        throw CommandFailure("'\(key)' already has a value (\(present)), and --overwrite is false")
                    }
                }
                for key in changes.remove where labels[key] == nil { invocation.print("label \"\(key)\" not found.") }
                let before = target.value["metadata"]?["labels"] ?? [:]
                var after = target.value
                var deed = "not labeled"
                if !changes.set.isEmpty || !changes.remove.isEmpty {
                    let wanted = MergePatch.apply(changes.patch("labels"), to: target.value)
                    if !(wanted["metadata"]?["labels"] ?? [:]).isEquivalent(to: before) {
                        deed = changes.set.isEmpty ? "unlabeled" : "labeled"
                        after = try invocation.patch(
                            target, changes.patch("labels"), .merge, reporter.dryRun, manager: "kubectl-label",
                            on: &endpoint)
                    }
                }
                if lists {
                    for (key, value) in (after["metadata"]?["labels"]?.object ?? [:]).sorted(by: {
                        $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
                    }) {
                        invocation.print("\(key)=\(value.string ?? "")")
                    }
                    continue
                }
                try reporter.report(target.kind.resource, target.name, deed, after)
            } catch { failures.append(error) }
        }
        return invocation.finish(failures)
    }
}

/// `kubectl annotate` (`kubectl/pkg/cmd/annotate`).
enum AnnotateCommand: Command {
    static let definition = CommandDefinition(
        "annotate", "Update the annotations on a resource",
        usage:
            "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]",
        examples: ["annotate deploy/web kubernetes.io/change-cause='second release'", "annotate pods web-1 note-"],
        flags: PairChanges.flags)

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let changes = try PairChanges(arguments.positional, "annotation")
        let lists = arguments.bool("list")
        guard !changes.set.isEmpty || !changes.remove.isEmpty || lists else {
            throw CommandFailure("at least one annotation update is required")
        }
        var reporter = try Reporter(invocation)
        let found = try invocation.targets(changes.resources, on: &endpoint)
        var failures = found.failures.map { CommandFailure($0) }
        for target in found.objects {
            do throws(CommandFailure) {
                let present = target.value["metadata"]?["annotations"]?.object ?? [:]
                if lists {
                    for (key, value) in present.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                        invocation.print("\(key)=\(value.string ?? "")")
                    }
                    continue
                }
                if !arguments.bool("overwrite") {
                    let conflicts = changes.set.compactMap { key, _ in
                        present[key]?.string.map { "'\(key)' already has a value (\($0))" }
                    }
                    if !conflicts.isEmpty {
                        throw CommandFailure(
                            "--overwrite is false but found the following declared annotation(s): \(conflicts.joined(separator: "; "))"
                        )
                    }
                }
                let after = try invocation.patch(
                    target, changes.patch("annotations"), .merge, reporter.dryRun, manager: "kubectl-annotate",
                    on: &endpoint)
                try reporter.report(target.kind.resource, target.name, "annotated", after)
            } catch { failures.append(error) }
        }
        return invocation.finish(failures)
    }
}
