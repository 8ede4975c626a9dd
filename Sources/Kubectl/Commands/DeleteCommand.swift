import KubernetesAPI

/// `kubectl delete` (`kubectl/pkg/cmd/delete`).
enum DeleteCommand: Command {
    static let definition = CommandDefinition(
        "delete", "Delete resources by file names, stdin, resources and names, or by resources and label selector",
        usage: "([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]",
        examples: [
            "delete -f deployment.yaml", "delete pod web-1 --grace-period=5", "delete pods -l app=web",
            "delete deploy web --cascade=orphan",
        ],
        flags: [
            .filename, .recursive, .kustomize, .selector, .fieldSelector, .allNamespaces, .dryRun, .output, .timeout,
            Flag("all", "", .bool, "Delete all resources of the named kinds, in the namespace"),
            Flag(
                "cascade", "", .optional("background"), initial: "background",
                "\"background\", \"orphan\", or \"foreground\": what becomes of what the object owns"),
            Flag("force", "", .bool, "Remove the object at once and bypass graceful deletion"),
            Flag("grace-period", "", .int, initial: "-1", "Seconds that the object gets to end; negative for its own"),
            Flag("ignore-not-found", "", .bool, "Treat objects that are not there as a success"),
            Flag("now", "", .bool, "Signal the objects to end at once: --grace-period=1"),
            Flag("wait", "", .bool, initial: "true", "Let simulated time pass until the objects are gone"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let options = try Options(invocation)
        let selection: ResourceSelection
        let everywhere = arguments.bool("all-namespaces")
        if arguments.has("filename") || arguments.has("kustomize") {
            selection = ResourceSelection(try invocation.manifestObjects())
        } else {
            if arguments.bool("all"), !arguments.string("selector").isEmpty {
                throw CommandFailure("cannot set --all and --selector at the same time")
            }
            selection = try ResourceSelection(
                arguments.positional,
                .init(
                    kindAloneMeansAll: false, selector: arguments.string("selector"),
                    fieldSelector: arguments.string("field-selector"),
                    all: arguments.bool("all"), allNamespaces: everywhere))
        }
        let namespace = everywhere ? "" : invocation.namespace
        if arguments.has("namespace") || everywhere, selection.groups.contains(where: { !$0.kind.resource.namespaced })
        {
            invocation.printError("Warning: deleting cluster-scoped resources, not scoped to the provided namespace")
        }
        if options.isForced {
            invocation.printError(
                "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely."
            )
        }
        var targets: [(kind: KindRow, namespace: String, name: String)] = []
        var failures: [CommandFailure] = []
        for group in selection.groups {
            let place = group.kind.resource.namespaced ? group.namespace ?? namespace : ""
            guard group.names.isEmpty else {
                targets += group.names.map { (group.kind, place, $0) }
                continue
            }
            let request = APIRequest(
                .list, group.kind.resource, namespace: place, labelSelector: arguments.string("selector"),
                fieldSelector: arguments.string("field-selector"))
            switch endpoint.respond(to: request).body {
            case .list(let items):
                for item in items {
                    targets.append(
                        (
                            group.kind, item["metadata"]?["namespace"]?.string ?? "",
                            item["metadata"]?["name"]?.string ?? ""
                        ))
                }
            case .failure(let status): failures.append(CommandFailure(status))
            case .object, .text: break
            }
        }
        var waiting: [(kind: KindRow, namespace: String, name: String, uid: String)] = []
        var found = 0
        for target in targets {
            let answer = options.delete(target.kind, target.namespace, target.name, on: &endpoint)
            switch answer.body {
            case .failure(let status) where status.reason == "NotFound" && arguments.bool("ignore-not-found"): continue
            case .failure(let status):
                found += 1
                failures.append(CommandFailure(status))
            case .object(let object):
                found += 1
                report(target, options, invocation)
                waiting.append((target.kind, target.namespace, target.name, object["metadata"]?["uid"]?.string ?? ""))
            case .list, .text: found += 1
            }
        }
        if found == 0, failures.isEmpty, !arguments.bool("ignore-not-found") { invocation.print("No resources found") }
        if options.waits {
            for target in waiting where !Self.wait(for: target, options, on: &endpoint) {
                failures.append(
                    CommandFailure(
                        "timed out waiting for the condition on \(target.kind.resource.plural)/\(target.name)"))
            }
        }
        for failure in failures { invocation.printError(failure.text) }
        return failures.isEmpty ? 0 : 1
    }

    private static func report(
        _ target: (kind: KindRow, namespace: String, name: String), _ options: Options, _ invocation: Invocation
    ) {
        let resource = target.kind.resource
        if invocation.arguments.string("output") == "name" { return invocation.print(resource.label(target.name)) }
        let deed = options.isForced ? "force deleted" : "deleted"
        let place = resource.namespaced ? " from \(target.namespace) namespace" : ""
        invocation.print("\(resource.qualifiedSingular) \"\(target.name)\" \(deed)\(place)\(options.dryRun.note)")
    }

    /// Lets time pass until the object is gone, or another one has its name.
    private static func wait(
        for target: (kind: KindRow, namespace: String, name: String, uid: String), _ options: Options,
        on endpoint: inout some SimulatedEndpoint
    ) -> Bool {
        func isThere(_ endpoint: inout some SimulatedEndpoint) -> Bool {
            let answer = endpoint.respond(
                to: APIRequest(.get, target.kind.resource, namespace: target.namespace, name: target.name))
            guard case .object(let object) = answer.body else { return false }
            return target.uid.isEmpty || object["metadata"]?["uid"]?.string == target.uid
        }
        guard isThere(&endpoint) else { return true }
        let request = APIRequest(.list, target.kind.resource, namespace: target.namespace, name: target.name)
        endpoint.follow(request, WatchBudget(limit: options.timeout, options.environment)) { event, _ in
            event?.kind != .deleted
        }
        return !isThere(&endpoint)
    }

    /// How to delete.
    struct Options {
        var gracePeriod: Int64?
        var isForced: Bool
        var waits: Bool
        var propagation: String
        var timeout: Duration
        var dryRun: DryRun
        var environment: any KubectlEnvironment

        init(_ invocation: Invocation) throws(CommandFailure) {
            let arguments = invocation.arguments
            environment = invocation.environment
            dryRun = try DryRun(invocation)
            var grace = arguments.int("grace-period")
            isForced = arguments.bool("force")
            waits = arguments.bool("wait")
            if arguments.bool("now") {
                guard !arguments.has("grace-period") else {
                    throw CommandFailure("--now and --grace-period cannot be specified together")
                }
                grace = 1
            }
            if isForced {
                guard grace <= 0 else {
                    throw CommandFailure("--force and --grace-period greater than 0 cannot be specified together")
                }
                grace = 0
                // Nothing waits for what is removed at once.
                if !arguments.has("wait") { waits = false }
            } else if grace == 0 {
                // The server must have the time to tell the node.
                grace = 1
            }
            gracePeriod = grace < 0 ? nil : grace
            switch arguments.string("cascade") {
            case "background", "true": propagation = "Background"
            case "foreground": propagation = "Foreground"
            case "orphan", "false": propagation = "Orphan"
            case let other:
                throw CommandFailure(
                    "invalid cascade value (\(other)). Must be \"background\", \"foreground\", or \"orphan\"")
            }
            timeout = arguments.duration("timeout") > .zero ? arguments.duration("timeout") : .seconds(600)
            if case .none = dryRun {} else { waits = false }
        }

        func delete(_ kind: KindRow, _ namespace: String, _ name: String, on endpoint: inout some SimulatedEndpoint)
            -> APIResponse
        {
            if case .client = dryRun {
                return endpoint.respond(to: APIRequest(.get, kind.resource, namespace: namespace, name: name))
            }
            let asks = if case .server = dryRun { true } else { false }
            return endpoint.respond(
                to: APIRequest(
                    .delete, kind.resource, namespace: namespace, name: name, dryRun: asks,
                    propagationPolicy: propagation,
                    gracePeriodSeconds: gracePeriod))
        }
    }
}
