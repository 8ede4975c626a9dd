import KubernetesAPI

/// `kubectl events` (`kubectl/pkg/cmd/events`).
enum EventsCommand: Command {
    static let definition = CommandDefinition(
        "events", "Display events",
        usage: "[(-o|--output=)json|yaml|name|jsonpath] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]",
        examples: [
            "events", "events -A --types=Warning", "events --for deploy/web",
            "events --for pod/web-1 --watch --watch-for 5m",
        ],
        access: .reading,
        flags: [
            .allNamespaces, .output, .showManagedFields, .watchFor, .allowMissingTemplateKeys,
            Flag("for", "Filter events to only those pertaining to the specified resource"),
            Flag("types", "", .list, "Output only events of given types"),
            Flag("watch", "w", .bool, "After listing the events, watch for more while simulated time passes"),
            Flag("no-headers", "", .bool, "When using the default output format, don't print headers"),
            Flag("chunk-size", "", .int, initial: "500", "Ignored: lists come whole here"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let format = try OutputFormat(invocation)
        let types = arguments.list("types").map { $0.lowercased() }
        guard types.allSatisfy({ ["normal", "warning"].contains($0) }) else {
            throw CommandFailure("valid --types are Normal or Warning")
        }
        let everywhere = arguments.bool("all-namespaces")
        let namespace = everywhere ? "" : invocation.namespace
        var fields = ""
        if arguments.has("for") {
            let parts = arguments.string("for").split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw CommandFailure("--for must be in resource/name form")
            }
            let kind = try ResourceSelection.kind(parts[0]).resource
            fields =
                "involvedObject.kind=\(kind.kind),involvedObject.apiVersion=\(kind.apiVersion),involvedObject.name=\(parts[1])"
        }
        let request = APIRequest(.list, Event.resource, namespace: namespace, fieldSelector: fields)
        let listed = endpoint.respond(to: request)
        guard case .list(let items) = listed.body else {
            _ = try listed.object()
            return 1
        }
        func isShown(_ value: JSONValue) -> Bool {
            types.isEmpty || types.contains((value["type"]?.string ?? "").lowercased())
        }
        let kept = items.filter(isShown)
        var printer = ObjectPrinter(format, keepsManagedFields: arguments.bool("show-managed-fields"))
        var writer = TabWriter.table
        var needsHeader = !arguments.bool("no-headers")
        func rows(_ values: [JSONValue], _ now: Time) -> String {
            var lines = ""
            if needsHeader {
                lines += (everywhere ? "NAMESPACE\t" : "") + "LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n"
                needsHeader = false
            }
            for event in Event.byTime(values.compactMap { try? Event.decode(json: $0).object }) {
                let object = "\(event.involvedObject.kind)/\(event.involvedObject.name)"
                let cells = [event.interval(now: now), event.type, event.reason, object, event.message.trimmingSpace]
                lines += ((everywhere ? [event.metadata.namespace] : []) + cells).joined(separator: "\t") + "\n"
            }
            return writer.aligned(lines)
        }
        if arguments.bool("watch") {
            if format.isHuman, !kept.isEmpty { invocation.write(rows(kept, endpoint.wallTime)) }
            endpoint.follow(request, WatchBudget(arguments.duration("watch-for"), invocation.environment)) {
                event, now in
                guard let event, event.kind != .deleted, isShown(event.object) else { return true }
                invocation.write(format.isHuman ? rows([event.object], now) : (try? printer.text(event.object)) ?? "")
                return true
            }
            return 0
        }
        guard !kept.isEmpty else {
            invocation.printError(everywhere ? "No events found." : "No events found in \(namespace) namespace.")
            return 0
        }
        invocation.write(format.isHuman ? rows(kept, endpoint.wallTime) : try printer.text(ObjectPrinter.list(kept)))
        return 0
    }
}
