import KubernetesAPI

/// `kubectl api-resources` (`kubectl/pkg/cmd/apiresources`).
enum APIResourcesCommand: Command {
    static let definition = CommandDefinition(
        "api-resources", "Print the supported API resources on the server", usage: "[flags] [options]",
        examples: ["api-resources", "api-resources --namespaced=true -o name", "api-resources --api-group=apps"],
        access: .none,
        flags: [
            Flag("output", "o", "Output format. One of: (wide, name)"),
            Flag("api-group", "Limit to resources in the specified API group."),
            Flag(
                "namespaced", "", .optional("true"), initial: "", "If false, non-namespaced resources will be returned"),
            Flag("no-headers", "", .bool, "When using the default or custom-column output format, don't print headers"),
            Flag("categories", "", .list, "Limit to resources that belong to the specified categories."),
            Flag("verbs", "", .list, "Limit to resources that support the specified verbs."),
            Flag("sort-by", "If non-empty, sort list of resources using specified field: name or kind"),
            Flag("cached", "", .bool, "Ignored"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let order = arguments.string("sort-by")
        guard ["", "name", "kind"].contains(order) else { throw CommandFailure("--sort-by accepts only name or kind") }
        let output = arguments.string("output")
        guard ["", "wide", "name"].contains(output) else { throw CommandFailure("--output \(output) is not available") }
        var kinds = ResourceCatalogue.kinds.map(\.resource).filter { resource in
            // The newest version of a kind stands for all.
            let newest = ResourceCatalogue.kinds.first {
                $0.resource.group == resource.group && $0.resource.plural == resource.plural
            }
            guard newest?.resource == resource else { return false }
            if arguments.has("api-group"), resource.group != arguments.string("api-group") { return false }
            if arguments.has("namespaced"), resource.namespaced != arguments.bool("namespaced") { return false }
            if arguments.has("categories"), !arguments.list("categories").allSatisfy(resource.categories.contains) {
                return false
            }
            return arguments.list("verbs").allSatisfy { Self.verbs(of: resource).contains($0) }
        }
        kinds.sort { left, right in
            if order == "name", left.plural != right.plural {
                return left.plural.utf8.lexicographicallyPrecedes(right.plural.utf8)
            }
            if order == "kind", left.kind != right.kind {
                return left.kind.utf8.lexicographicallyPrecedes(right.kind.utf8)
            }
            if left.group != right.group { return left.group.utf8.lexicographicallyPrecedes(right.group.utf8) }
            return left.plural.utf8.lexicographicallyPrecedes(right.plural.utf8)
        }
        if output == "name" {
            for resource in kinds { invocation.print(resource.qualifiedPlural) }
            return 0
        }
        var lines = ""
        if !arguments.bool("no-headers") {
            lines +=
                "NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND" + (output == "wide" ? "\tVERBS\tCATEGORIES" : "")
                + "\n"
        }
        for resource in kinds {
            var cells = [
                resource.plural, resource.shortNames.joined(separator: ","), resource.apiVersion,
                "\(resource.namespaced)", resource.kind,
            ]
            if output == "wide" {
                cells += [Self.verbs(of: resource).joined(separator: ","), resource.categories.joined(separator: ",")]
            }
            lines += cells.joined(separator: "\t") + "\n"
        }
        var writer = TabWriter.table
        invocation.write(writer.aligned(lines))
        return 0
    }

    private static func verbs(of resource: ResourceType) -> [String] {
        resource.group == "metrics.k8s.io"
            ? ["get", "list"] : ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
    }
}

/// `kubectl version`
enum VersionCommand: Command {
    static let definition = CommandDefinition(
        "version", "Print the version of Kubernetes that is simulated", usage: "[flags]", access: .reading,
        flags: [Flag("client", "", .bool, "Only the client's")])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        invocation.print("Client Version: v1.36.2")
        let kubelet =
            invocation.arguments.bool("client") ? nil : endpoint.list(Node.self).first?.status.nodeInfo?.kubeletVersion
        if let kubelet { invocation.print("Server Version: \(kubelet)") }
        return 0
    }
}
