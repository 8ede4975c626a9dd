import KubernetesAPI

/// `kubectl auth can-i` (`kubectl/pkg/cmd/auth/cani.go`).
enum CanICommand: Command {
    static let definition = CommandDefinition(
        "auth can-i", "Check whether an action is allowed", usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]",
        examples: [
            "auth can-i create pods", "auth can-i get pods --subresource=log --as system:serviceaccount:shop:agent",
            "auth can-i --list -n shop --as jane",
        ],
        access: .reading,
        flags: [
            .allNamespaces, Flag("quiet", "q", .bool, "If true, suppress output and just return the exit code."),
            Flag("subresource", "SubResource such as pod/log or deployment/scale"),
            Flag("list", "", .bool, "If true, prints all allowed actions."),
            Flag("no-headers", "", .bool, "If true, prints allowed actions without headers"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let words = arguments.positional
        if arguments.bool("list") {
            guard words.isEmpty else { throw CommandFailure("list option must be specified with no arguments") }
            return try list(invocation, on: &endpoint)
        }
        guard words.count == 2 || words.count == 3 else {
            throw CommandFailure(
                "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples."
            )
        }
        let spec = attributes(words, invocation)
        let review: JSONValue = ["spec": spec]
        let answer = try endpoint.respond(
            to: APIRequest(.create, SelfSubjectAccessReview.resource, body: review)
        ).object()
        let isAllowed = answer["status"]?["allowed"] == .bool(true)
        if !arguments.bool("quiet") {
            var text = isAllowed ? "yes" : "no"
            if !isAllowed {
                for field in ["reason", "evaluationError"] {
                    if let why = answer["status"]?[field]?.string, !why.isEmpty { text += " - " + why }
                }
            }
            invocation.print(text)
        }
        return isAllowed ? 0 : 1
    }

    /// What the words ask about, as a review's spec.
    private static func attributes(_ words: [String], _ invocation: Invocation) -> JSONValue {
        let verb = words[0]
        guard !words[1].hasPrefix("/") else {
            return ["nonResourceAttributes": ["verb": .string(verb), "path": .string(words[1])]]
        }
        let parts = words[1].split(separator: "/", maxSplits: 1).map(String.init)
        let word = parts.first ?? words[1]
        let name = parts.count > 1 ? parts[1] : words.count == 3 ? words[2] : ""
        var (group, plural) = ("", word)
        if let kind = ResourceCatalogue.kind(word) {
            (group, plural) = (kind.resource.group, kind.resource.plural)
            if !kind.resource.namespaced {
                let place = group.isEmpty ? "" : " in group '\(group)'"
                invocation.printError("Warning: resource '\(plural)' is not namespace scoped\(place)\n")
            }
        } else if word != "*" {
            let pieces = word.split(separator: ".", maxSplits: 1).map(String.init)
            if pieces.count == 2 { (plural, group) = (pieces[0], pieces[1]) }
            let place = group.isEmpty ? "" : " in group '\(group)'"
            invocation.printError("Warning: the server doesn't have a resource type '\(plural)'\(place)\n")
        }
        let namespace = invocation.arguments.bool("all-namespaces") ? "" : invocation.namespace
        return [
            "resourceAttributes": [
                "namespace": .string(namespace), "verb": .string(verb), "group": .string(group),
                "resource": .string(plural), "subresource": .string(invocation.arguments.string("subresource")),
                "name": .string(name),
            ]
        ]
    }

    // MARK: Everything that is allowed

    /// A rule as the list prints it.
    private struct Row: Equatable {
        var verbs: [String] = []
        var groups: [String] = []
        var resources: [String] = []
        var names: [String] = []
        var urls: [String] = []

        /// How Go prints the message, by which kubectl sorts.
        var key: String {
            func list(_ words: [String]) -> String { "[\(words.joined(separator: " "))]" }
            return
                "&PolicyRule{Verbs:\(list(verbs)),APIGroups:\(list(groups)),Resources:\(list(resources)),ResourceNames:\(list(names)),NonResourceURLs:\(list(urls)),}"
        }
    }

    private static func list(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint)
        throws(CommandFailure) -> Int32
    {
        let review: JSONValue = ["spec": ["namespace": .string(invocation.namespace)]]
        let answer = try endpoint.respond(
            to: APIRequest(.create, SelfSubjectRulesReview.resource, body: review)
        ).object()
        func words(_ value: JSONValue?) -> [String] { (value?.array ?? []).compactMap(\.string) }
        var rows: [Row] = []
        for rule in answer["status"]?["resourceRules"]?.array ?? [] {
            for group in words(rule["apiGroups"]) {
                for resource in words(rule["resources"]) {
                    rows.append(
                        Row(
                            verbs: words(rule["verbs"]), groups: [group], resources: [resource],
                            names: words(rule["resourceNames"])))
                }
            }
        }
        for rule in answer["status"]?["nonResourceRules"]?.array ?? [] {
            for url in words(rule["nonResourceURLs"]) { rows.append(Row(verbs: words(rule["verbs"]), urls: [url])) }
        }
        var compact: [Row] = []
        for row in rows {
            let place = compact.firstIndex {
                $0.groups == row.groups && $0.resources == row.resources && $0.names == row.names && $0.urls == row.urls
            }
            guard let place else {
                compact.append(row)
                continue
            }
            for verb in row.verbs where !compact[place].verbs.contains(verb) { compact[place].verbs.append(verb) }
        }
        let sorted = compact.enumerated().sorted { left, right in
            let (a, b) = (left.element.key, right.element.key)
            return a == b ? left.offset < right.offset : a.utf8.lexicographicallyPrecedes(b.utf8)
        }.map(\.element)
        var text =
            invocation.arguments.bool("no-headers") ? "" : "Resources\tNon-Resource URLs\tResource Names\tVerbs\n"
        for row in sorted {
            func list(_ words: [String]) -> String { "[\(words.joined(separator: " "))]" }
            text +=
                "\(combined(row.resources.first ?? "", row.groups.first ?? ""))\t\(list(row.urls))\t\(list(row.names))\t\(list(row.verbs))\n"
        }
        var writer = TabWriter.table
        invocation.write(writer.aligned(text))
        return 0
    }

    /// `deployments.apps/scale`
    private static func combined(_ resource: String, _ group: String) -> String {
        guard !resource.isEmpty else { return "" }
        let parts = resource.split(separator: "/", maxSplits: 1).map(String.init)
        return (parts.first ?? resource) + (group.isEmpty ? "" : "." + group) + (parts.count > 1 ? "/" + parts[1] : "")
    }
}

/// `kubectl auth whoami`.
enum WhoAmICommand: Command {
    static let definition = CommandDefinition(
        "auth whoami", "Check self subject attributes", usage: "[options]", access: .reading, flags: [])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let answer = try endpoint.respond(
            to: APIRequest(.create, SelfSubjectReview.resource, body: ["metadata": [:]])
        ).object()
        let user = answer["status"]?["userInfo"]
        var text = "ATTRIBUTE\tVALUE\nUsername\t\(user?["username"]?.string ?? "")\n"
        if let uid = user?["uid"]?.string, !uid.isEmpty { text += "UID\t\(uid)\n" }
        let groups = (user?["groups"]?.array ?? []).compactMap(\.string)
        if !groups.isEmpty { text += "Groups\t[\(groups.joined(separator: " "))]\n" }
        var writer = TabWriter.table
        invocation.write(writer.aligned(text))
        return 0
    }
}
