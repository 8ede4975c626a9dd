import KubernetesAPI

/// Which objects a command line names: kinds, names, selectors, files (`cli-runtime/pkg/resource/builder.go`).
struct ResourceSelection {
    /// Objects of one kind that are asked for together.
    struct Group {
        var kind: KindRow
        /// Empty: all that the selectors match.
        var names: [String]
        /// From a file: the object's own namespace.
        var namespace: String?
    }

    var groups: [Group]
    /// Whether several kinds may come, so that names are printed with their kind.
    var severalKinds: Bool
    /// Whether exactly one object was named.
    var isSingle: Bool

    /// What a command allows.
    struct Rules {
        /// Kinds without names stand for all objects (`get`), or need a name, a selector or `--all` (`delete`).
        var kindAloneMeansAll = true
        var selector = ""
        var fieldSelector = ""
        var all = false
        var allNamespaces = false
        /// What to say if nothing was named; nil for kubectl's usual text.
        var nothingGiven: String?
        /// The kind if the first word is no kind (`logs`, `cordon`).
        var defaultKind: String?
    }

    /// Reads the words of a command line.
    init(_ words: [String], _ rules: Rules = Rules()) throws(CommandFailure) {
        groups = []
        severalKinds = false
        isSingle = false
        guard let first = words.first, !(words.count == 1 && first.isEmpty) else {
            throw CommandFailure(
                rules.nothingGiven
                    ?? "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'"
            )
        }
        if words.contains(where: { $0.contains("/") }) {
            try readSlashed(words, rules)
        } else {
            try readKinds(first, Array(words.dropFirst()), rules)
        }
    }

    /// Objects that files name.
    init(_ objects: [ManifestObject]) {
        groups = objects.map { Group(kind: $0.kind, names: [$0.name], namespace: $0.namespace) }
        severalKinds = objects.count > 1
        isSingle = objects.count == 1
    }

    private mutating func readSlashed(_ words: [String], _ rules: Rules) throws(CommandFailure) {
        for word in words {
            let parts = word.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count > 1 else {
                throw CommandFailure(
                    "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'"
                )
            }
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, !parts[0].contains(",") else {
                throw CommandFailure("arguments in resource/name form must have a single resource and name")
            }
            try check(rules)
            groups.append(Group(kind: try Self.kind(parts[0]), names: [parts[1]]))
        }
        isSingle = words.count == 1
        severalKinds = Set(groups.map(\.kind.resource)).count > 1
    }

    private mutating func readKinds(_ kinds: String, _ names: [String], _ rules: Rules) throws(CommandFailure) {
        var rows: [KindRow] = []
        for word in kinds.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            let category = ResourceCatalogue.category(word.lowercased())
            if !category.isEmpty { rows += category } else { rows.append(try Self.kind(word)) }
        }
        if !names.isEmpty {
            guard rows.count == 1 else { throw CommandFailure("you must specify only one resource") }
            try check(rules)
        } else if !rules.kindAloneMeansAll, rules.selector.isEmpty, rules.fieldSelector.isEmpty, !rules.all {
            throw CommandFailure("resource(s) were provided, but no name was specified")
        }
        groups = rows.map { Group(kind: $0, names: names) }
        severalKinds = rows.count > 1
        isSingle = names.count == 1
    }

    /// A name goes with no selector.
    private func check(_ rules: Rules) throws(CommandFailure) {
        if !rules.selector.isEmpty || !rules.fieldSelector.isEmpty {
            throw CommandFailure("name cannot be provided when a selector is specified")
        }
        if rules.allNamespaces { throw CommandFailure("a resource cannot be retrieved by name across all namespaces") }
        if rules.all { throw CommandFailure("name cannot be provided when a selector is specified") }
    }

    static func kind(_ word: String) throws(CommandFailure) -> KindRow {
        guard let kind = ResourceCatalogue.kind(word) else {
            throw CommandFailure("the server doesn't have a resource type \"\(word)\"")
        }
        return kind
    }
}

/// One object as the server gave it.
struct FetchedObject {
    var kind: KindRow
    var value: JSONValue

    var name: String { value["metadata"]?["name"]?.string ?? "" }
    var namespace: String { value["metadata"]?["namespace"]?.string ?? "" }
    var label: String { kind.resource.label(name) }

    /// The typed object; nil if the answer does not fit its kind.
    func decoded<Object: KubernetesObject>(_ type: Object.Type) -> Object? { try? Object.decode(json: value).object }
}

/// What the server answered to a selection.
struct FetchResult {
    var objects: [FetchedObject] = []
    /// Failures of single objects, in order.
    var failures: [APIStatus] = []
    var warnings: [String] = []
}

extension ResourceSelection {
    /// Asks for everything selected.
    func fetch(
        on endpoint: inout some SimulatedEndpoint, namespace: String, labelSelector: String = "",
        fieldSelector: String = "", subresource: String = ""
    ) -> FetchResult {
        var result = FetchResult()
        for group in groups {
            let resource = group.kind.resource
            let place = resource.namespaced ? group.namespace ?? namespace : ""
            if group.names.isEmpty {
                let request = APIRequest(
                    .list, resource, namespace: place, labelSelector: labelSelector, fieldSelector: fieldSelector)
                let response = endpoint.respond(to: request)
                result.note(response.warnings)
                switch response.body {
                case .list(let items): result.objects += items.map { FetchedObject(kind: group.kind, value: $0) }
                case .failure(let status): result.failures.append(status)
                case .object, .text: break
                }
            }
            for name in group.names {
                let response = endpoint.respond(
                    to: APIRequest(.get, resource, namespace: place, name: name, subresource: subresource))
                result.note(response.warnings)
                switch response.body {
                case .object(let value):
                    let isScale = subresource == "scale" && value["kind"]?.string == Scale.resource.kind
                    result.objects.append(FetchedObject(kind: isScale ? KindRow(Scale.self) : group.kind, value: value))
                case .failure(let status): result.failures.append(status)
                case .list, .text: break
                }
            }
        }
        return result
    }
}

extension FetchResult {
    mutating func note(_ more: [String]) {
        for warning in more where !warnings.contains(warning) { warnings.append(warning) }
    }
}
