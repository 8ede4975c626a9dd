import KubernetesAPI

/// `kubectl describe` (`kubectl/pkg/cmd/describe`).
enum DescribeCommand: Command {
    static let definition = CommandDefinition(
        "describe", "Show details of a specific resource or group of resources",
        usage: "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]",
        examples: ["describe nodes worker-1", "describe pod web-", "describe hpa/web", "describe pods -l app=web"],
        access: .reading,
        flags: [
            .selector, .allNamespaces, .filename, .recursive, .kustomize,
            Flag("show-events", "", .bool, initial: "true", "Display events related to the described object"),
            Flag("chunk-size", "", .int, initial: "500", "Ignored: lists come whole here"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let everywhere = arguments.bool("all-namespaces")
        let selection: ResourceSelection
        if arguments.has("filename") || arguments.has("kustomize") {
            selection = ResourceSelection(try invocation.manifestObjects())
        } else {
            selection = try ResourceSelection(
                arguments.positional,
                .init(
                    selector: arguments.string("selector"), allNamespaces: everywhere,
                    nothingGiven:
                        "You must specify the type of resource to describe. Use \"\(invocation.program) api-resources\" for a complete list of supported resources."
                ))
        }
        let namespace = everywhere ? "" : invocation.namespace
        var found = selection.fetch(on: &endpoint, namespace: namespace, labelSelector: arguments.string("selector"))
        // One name that is not there may be the beginning of some.
        if found.objects.isEmpty, found.failures.count == 1, found.failures[0].reason == "NotFound",
            selection.groups.count == 1,
            let group = selection.groups.first, let prefix = group.names.first
        {
            var all = selection
            all.groups[0].names = []
            let matching = all.fetch(on: &endpoint, namespace: namespace).objects.filter { $0.name.hasPrefix(prefix) }
            if !matching.isEmpty {
                found.objects = matching
                found.failures = []
            }
        }
        invocation.show(warnings: found.warnings)
        var isFirst = true
        for object in found.objects {
            var text = Describers.describe(object, on: &endpoint)
            if !arguments.bool("show-events") { text = withoutEvents(text) }
            invocation.write((isFirst ? "" : "\n\n") + text)
            isFirst = false
        }
        if found.objects.isEmpty, found.failures.isEmpty {
            invocation.printError(
                everywhere || !selection.groups.contains { $0.kind.resource.namespaced }
                    ? "No resources found" : "No resources found in \(namespace) namespace.")
        }
        for failure in found.failures { invocation.printError(ServerError.text(failure)) }
        return found.failures.isEmpty ? 0 : 1
    }

    private static func withoutEvents(_ text: String) -> String {
        guard let start = text.range(of: "\nEvents:") else { return text }
        return String(text[..<start.lowerBound]) + "\n"
    }
}

extension String {
    /// Where a text first stands in this one.
    func range(of other: String) -> Range<String.Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(other) { return index..<self.index(index, offsetBy: other.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
