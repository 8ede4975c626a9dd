import KubernetesAPI

/// `kubectl get`: objects as columns or whole (`kubectl/pkg/cmd/get`).
enum GetCommand: Command {
    static let definition = CommandDefinition(
        "get", "Display one or many resources",
        usage:
            "[(-o|--output=)json|yaml|name|jsonpath|custom-columns|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]",
        examples: [
            "get pods", "get pods -o wide", "get deploy,hpa -n shop", "get pod/web-0 -o yaml", "get pods -w --for 5m",
            "get pods -o jsonpath='{.items[*].metadata.name}'",
        ],
        access: .reading,
        flags: [
            .output, .selector, .fieldSelector, .allNamespaces, .filename, .recursive, .kustomize, .showManagedFields,
            .allowMissingTemplateKeys,
            Flag("watch", "w", .bool, "After listing the objects, watch for changes while simulated time passes"),
            Flag("watch-only", "", .bool, "Watch for changes without listing first"),
            Flag("output-watch-events", "", .bool, "Print what kind of change each line of a watch is"),
            Flag(
                "for", "", .duration,
                "Simulated time to watch; zero means until nothing changes for a minute, ten minutes at most"),
            .watchFor,
            Flag("show-labels", "", .bool, "Show all labels as the last column"),
            Flag("label-columns", "L", .list, "Labels to show as columns"),
            Flag("no-headers", "", .bool, "Do not print headers"),
            Flag("show-kind", "", .bool, "List the resource type with the names"),
            Flag("sort-by", "A field to sort by, as a JSONPath expression such as '{.metadata.name}'"),
            Flag("ignore-not-found", "", .bool, "Treat objects that are not there as a success"),
            Flag("chunk-size", "", .int, initial: "500", "Ignored: lists come whole here"),
            Flag("server-print", "", .bool, initial: "true", "Ignored: tables are always the server's"),
            Flag("subresource", "Show a subresource of the object: status or scale"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let format = try OutputFormat(invocation, allowsTables: true)
        let everywhere = arguments.bool("all-namespaces")
        let selection: ResourceSelection
        if arguments.has("filename") || arguments.has("kustomize") {
            selection = ResourceSelection(try invocation.manifestObjects())
        } else {
            selection = try ResourceSelection(
                arguments.positional,
                .init(
                    selector: arguments.string("selector"), fieldSelector: arguments.string("field-selector"),
                    allNamespaces: everywhere,
                    nothingGiven:
                        "You must specify the type of resource to get. Use \"\(invocation.program) api-resources\" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse \"\(invocation.program) explain <resource>\" for a detailed description of that resource (e.g. \(invocation.program) explain pods).\nSee '\(invocation.program) get -h' for help and examples"
                ))
        }
        let sortPath: JSONPathTemplate?
        let sortText = arguments.string("sort-by")
        do { sortPath = sortText.isEmpty ? nil : try JSONPathTemplate(relaxed: sortText) } catch {
            throw CommandFailure(error.message)
        }
        let namespace = everywhere ? "" : invocation.namespace
        guard ["", "status", "scale"].contains(arguments.string("subresource")) else {
            throw CommandFailure(
                "invalid subresource value: \"\(arguments.string("subresource"))\". Must be one of [status scale]")
        }
        if arguments.bool("watch") || arguments.bool("watch-only") {
            return try watch(invocation, selection, format, namespace, on: &endpoint)
        }
        var found = selection.fetch(
            on: &endpoint, namespace: namespace, labelSelector: arguments.string("selector"),
            fieldSelector: arguments.string("field-selector"), subresource: arguments.string("subresource"))
        invocation.show(warnings: found.warnings)
        if arguments.bool("ignore-not-found") { found.failures.removeAll { $0.reason == "NotFound" } }
        if case .human = format {
            try printTables(invocation, selection, found, format, sortPath, now: endpoint.wallTime)
            if found.objects.isEmpty, found.failures.isEmpty, !arguments.bool("ignore-not-found") {
                let isPlaced = !everywhere && selection.groups.contains { $0.kind.resource.namespaced }
                invocation.printError(isPlaced ? "No resources found in \(namespace) namespace." : "No resources found")
            }
        } else {
            try printObjects(invocation, selection, found, format, sortPath)
        }
        for failure in found.failures { invocation.printError(ServerError.text(failure)) }
        return found.failures.isEmpty ? 0 : 1
    }

    private static func tablePrinter(_ invocation: Invocation, _ selection: ResourceSelection, _ format: OutputFormat)
        -> TablePrinter
    {
        let arguments = invocation.arguments
        var options = TablePrinter.Options()
        if case .human(let wide) = format { options.wide = wide }
        options.headers = !arguments.bool("no-headers")
        options.labels = arguments.bool("show-labels")
        options.labelColumns = arguments.list("label-columns")
        options.kinds = arguments.bool("show-kind") || selection.severalKinds
        return TablePrinter(options)
    }

    private static func printTables(
        _ invocation: Invocation, _ selection: ResourceSelection, _ found: FetchResult, _ format: OutputFormat,
        _ sortPath: JSONPathTemplate?, now: Time
    ) throws(CommandFailure) {
        var printer = tablePrinter(invocation, selection, format)
        var index = 0
        while index < found.objects.count {
            let kind = found.objects[index].kind
            var run: [JSONValue] = []
            while index < found.objects.count, found.objects[index].kind.resource == kind.resource {
                run.append(found.objects[index].value)
                index += 1
            }
            if let sortPath { run = try ObjectOrder.sorted(run, by: sortPath) }
            printer.options.namespaces = invocation.arguments.bool("all-namespaces") && kind.resource.namespaced
            let table = TableDefinition.of(kind.resource).table(of: run, .init(now: now))
            invocation.write(printer.text(table, of: kind.resource))
        }
    }

    private static func printObjects(
        _ invocation: Invocation, _ selection: ResourceSelection, _ found: FetchResult, _ format: OutputFormat,
        _ sortPath: JSONPathTemplate?
    ) throws(CommandFailure) {
        let arguments = invocation.arguments
        var printer = ObjectPrinter(
            format, keepsManagedFields: arguments.bool("show-managed-fields"),
            allowsMissingKeys: arguments.bool("allow-missing-template-keys"), headers: !arguments.bool("no-headers"))
        var values = found.objects.map(\.value)
        if let sortPath { values = try ObjectOrder.sorted(values, by: sortPath) }
        if selection.isSingle {
            guard let value = values.first else { return }
            invocation.write(try printer.text(value))
        } else if found.failures.isEmpty || !values.isEmpty {
            invocation.write(try printer.text(ObjectPrinter.list(values)))
        }
    }

    // MARK: Watching

    private static func watch(
        _ invocation: Invocation, _ selection: ResourceSelection, _ format: OutputFormat, _ namespace: String,
        on endpoint: inout some SimulatedEndpoint
    ) throws(CommandFailure) -> Int32 {
        let arguments = invocation.arguments
        guard selection.groups.count == 1, let group = selection.groups.first, group.names.count <= 1 else {
            let count = selection.groups.reduce(0) { $0 + max(1, $1.names.count) }
            throw CommandFailure(
                "watch is only supported on individual resources and resource collections - \(count) resources were found"
            )
        }
        let resource = group.kind.resource
        let found = selection.fetch(
            on: &endpoint, namespace: namespace, labelSelector: arguments.string("selector"),
            fieldSelector: arguments.string("field-selector"))
        if let failure = found.failures.first { throw CommandFailure(failure) }
        let definition = TableDefinition.of(resource)
        var tables = tablePrinter(invocation, selection, format)
        tables.options.namespaces = arguments.bool("all-namespaces") && resource.namespaced
        var objects = ObjectPrinter(
            format, keepsManagedFields: arguments.bool("show-managed-fields"),
            allowsMissingKeys: arguments.bool("allow-missing-template-keys"),
            headers: !arguments.bool("no-headers"))
        let showsKind = arguments.bool("output-watch-events")
        func text(_ kind: WatchEvent.Kind, _ values: [JSONValue], _ now: Time) -> String {
            guard case .human = format else {
                var text = ""
                for value in values {
                    let shown = showsKind ? JSONValue.object(["type": .string(kind.rawValue), "object": value]) : value
                    text += (try? objects.text(shown)) ?? ""
                }
                return text
            }
            var table = definition.table(of: values, .init(now: now))
            if showsKind {
                table.columns.insert(Table.Column("Event"), at: 0)
                for index in table.rows.indices {
                    table.rows[index].cells.insert(.string(kind.rawValue.padded(to: 8)), at: 0)
                }
            }
            return tables.text(table, of: resource)
        }
        if !arguments.bool("watch-only"), !found.objects.isEmpty {
            invocation.write(text(.added, found.objects.map(\.value), endpoint.wallTime))
        }
        let request = APIRequest(
            .list, resource, namespace: resource.namespaced ? group.namespace ?? namespace : "",
            name: group.names.first ?? "",
            labelSelector: arguments.string("selector"), fieldSelector: arguments.string("field-selector"))
        let given = arguments.has("for") ? arguments.duration("for") : arguments.duration("watch-for")
        let budget = WatchBudget(given, invocation.environment)
        endpoint.follow(request, budget) { event, now in
            if let event { invocation.write(text(event.kind, [event.object], now)) }
            return true
        }
        if let note = budget.endNote, !invocation.environment.wantsToStop { invocation.printError(note) }
        return 0
    }
}

extension String {
    /// The text with spaces behind it, up to a width.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - unicodeScalars.count)) }
}
