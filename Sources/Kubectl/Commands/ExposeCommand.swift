import KubernetesAPI
import OrderedCollections

/// `kubectl expose` (`kubectl/pkg/cmd/expose`).
enum ExposeCommand: Command {
    static let definition = CommandDefinition(
        "expose", "Take a deployment, service, or pod and expose it as a new Kubernetes service",
        usage:
            "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--type=type] [options]",
        examples: ["expose deployment web --port=80 --target-port=8080"],
        flags: [
            .filename, .recursive, .kustomize, .output, .dryRun, .fieldManager, .showManagedFields,
            Flag("port", "The port that the service should serve on"),
            Flag("target-port", "Name or number for the port on the container"),
            Flag("protocol", "The network protocol for the service to be created. Default is 'TCP'."),
            Flag("name", "The name for the newly created object"),
            Flag(
                "type",
                "Type for this service: ClusterIP, NodePort, LoadBalancer, or ExternalName. Default is 'ClusterIP'."),
            Flag("selector", "A label selector to use for this service"),
            Flag("labels", "l", "Labels to apply to the service created by this call"),
            Flag("cluster-ip", "ClusterIP to be assigned to the service; 'None' for a headless service"),
            Flag("session-affinity", "If non-empty, set the session affinity"),
            Flag("external-ip", "Additional external IP address"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        var reporter = try Reporter(invocation)
        let selection =
            arguments.has("filename")
            ? ResourceSelection(try invocation.manifestObjects())
            : try ResourceSelection(arguments.positional, .init(kindAloneMeansAll: false))
        let found = selection.fetch(on: &endpoint, namespace: invocation.namespace)
        var failures = found.failures.map { CommandFailure($0) }
        for target in found.objects {
            do throws(CommandFailure) {
                let body = try service(for: target, invocation)
                let name = body["metadata"]?["name"]?.string ?? ""
                var after = body
                if case .client = reporter.dryRun {
                } else {
                    let asks = if case .server = reporter.dryRun { true } else { false }
                    after = try endpoint.respond(
                        to: APIRequest(
                            .create, Service.resource, namespace: target.namespace, body: body, dryRun: asks,
                            fieldManager: "kubectl-expose")
                    ).object()
                }
                try reporter.report(Service.resource, name, "exposed", after)
            } catch { failures.append(error) }
        }
        return invocation.finish(failures)
    }

    private static func service(for target: FetchedObject, _ invocation: Invocation) throws(CommandFailure) -> JSONValue
    {
        let arguments = invocation.arguments
        let kind = target.kind.resource.kind
        guard ["Deployment", "ReplicaSet", "Service", "Pod"].contains(kind) else {
            throw CommandFailure("cannot expose a \(kind).\(target.kind.resource.group)")
        }
        let selector = try selector(of: target, arguments.string("selector"))
        let kindOfPort = arguments.string("protocol").or("TCP")
        let given = arguments.string("port").split(separator: ",").compactMap { Int64($0) }
        var ports = given
        if ports.isEmpty {
            let containers = PodTemplatePath.spec(of: target)?["containers"]?.array ?? []
            let found =
                kind == "Service"
                ? target.value["spec"]?["ports"]?.array ?? [] : containers.flatMap { $0["ports"]?.array ?? [] }
            ports = found.compactMap { port in
                if case .integer(let number)? = port["port"] ?? port["containerPort"] { number } else { nil }
            }
        }
        guard !ports.isEmpty || arguments.string("cluster-ip") == "None" else {
            throw CommandFailure(
                "couldn't find port via --port flag or introspection\nSee '\(invocation.commandName) -h' for help and examples"
            )
        }
        let targetPort = arguments.string("target-port")
        let rows: [JSONValue] = ports.enumerated().map { index, port in
            var row: OrderedDictionary<String, JSONValue> = ["port": .integer(port), "protocol": .string(kindOfPort)]
            row["targetPort"] =
                targetPort.isEmpty ? .integer(port) : Int64(targetPort).map { .integer($0) } ?? .string(targetPort)
            if ports.count > 1 { row["name"] = .string("port-\(index + 1)") }
            return .object(row)
        }
        var spec: OrderedDictionary<String, JSONValue> = ["ports": .array(rows), "selector": selector]
        for (flag, member) in [("type", "type"), ("cluster-ip", "clusterIP"), ("session-affinity", "sessionAffinity")]
        where !arguments.string(flag).isEmpty {
            spec[member] = .string(arguments.string(flag))
        }
        if !arguments.string("external-ip").isEmpty { spec["externalIPs"] = [.string(arguments.string("external-ip"))] }
        var labels = target.value["metadata"]?["labels"] ?? [:]
        if !arguments.string("labels").isEmpty { labels = try Self.pairs(arguments.string("labels")) }
        var metadata: OrderedDictionary<String, JSONValue> = [
            "name": .string(arguments.string("name").or(target.name)), "namespace": .string(target.namespace),
        ]
        if labels.object?.isEmpty == false { metadata["labels"] = labels }
        return ["apiVersion": "v1", "kind": "Service", "metadata": .object(metadata), "spec": .object(spec)]
    }

    private static func selector(of target: FetchedObject, _ given: String) throws(CommandFailure) -> JSONValue {
        if !given.isEmpty { return try pairs(given) }
        switch target.kind.resource.kind {
        case "Pod":
            guard let labels = target.value["metadata"]?["labels"], labels.object?.isEmpty == false else {
                throw CommandFailure(
                    "couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed"
                )
            }
            return labels
        case "Service":
            guard let labels = target.value["spec"]?["selector"] else {
                throw CommandFailure(
                    "couldn't retrieve selectors via --selector flag or introspection: the service has no pod selector set"
                )
            }
            return labels
        default:
            let selector = target.value["spec"]?["selector"]
            guard selector?["matchExpressions"]?.array?.isEmpty ?? true else {
                throw CommandFailure(
                    "couldn't retrieve selectors via --selector flag or introspection: couldn't convert expressions")
            }
            return selector?["matchLabels"] ?? [:]
        }
    }

    private static func pairs(_ text: String) throws(CommandFailure) -> JSONValue {
        var members: OrderedDictionary<String, JSONValue> = [:]
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=").map(String.init)
            guard pair.count == 2 else { throw CommandFailure("unexpected label spec: \(text)") }
            members[pair[0]] = .string(pair[1])
        }
        return .object(members)
    }
}

/// `kubectl autoscale` (`kubectl/pkg/cmd/autoscale`).
enum AutoscaleCommand: Command {
    static let definition = CommandDefinition(
        "autoscale", "Auto-scale a deployment, replica set, or stateful set",
        usage:
            "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY] [options]",
        examples: [
            "autoscale deployment web --min=2 --max=10 --cpu=60%", "autoscale deployment web --max=5 --memory=500Mi",
        ],
        flags: [
            .filename, .recursive, .kustomize, .output, .dryRun, .fieldManager, .showManagedFields,
            Flag(
                "min", "", .int, initial: "-1",
                "The lower limit for the number of pods; negative for the server's default"),
            Flag("max", "", .int, initial: "-1", "The upper limit for the number of pods. Required."),
            Flag(
                "cpu",
                "Target CPU over all the pods: a percentage of the requests such as 80%, or an amount such as 500m"),
            Flag(
                "memory",
                "Target memory over all the pods: a percentage of the requests such as 80%, or an amount such as 200Mi"),
            Flag(
                "cpu-percent", "", .int, initial: "-1",
                "The target average CPU utilization, in percent of the requests (deprecated: --cpu)"),
            Flag(
                "name",
                "The name for the newly created object. If not specified, the name of the input resource will be used."),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let (least, most) = (arguments.int("min"), arguments.int("max"))
        guard arguments.has("max") else { throw CommandFailure("required flag(s) \"max\" not set") }
        guard most >= 1 else { throw CommandFailure("--max=MAXPODS is required and must be at least 1, max: \(most)") }
        guard most >= least else {
            throw CommandFailure("--max=MAXPODS must be larger or equal to --min=MINPODS, max: \(most), min: \(least)")
        }
        var metrics: [JSONValue] = []
        if arguments.int("cpu-percent") >= 0 {
            invocation.printError(
                "Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU)."
            )
            metrics.append(
                metric("cpu", ["averageUtilization": .integer(arguments.int("cpu-percent")), "type": "Utilization"]))
        }
        for name in ["cpu", "memory"] where !arguments.string(name).isEmpty {
            metrics.append(metric(name, try target(arguments.string(name), name)))
        }
        var reporter = try Reporter(invocation)
        let selection =
            arguments.has("filename")
            ? ResourceSelection(try invocation.manifestObjects())
            : try ResourceSelection(arguments.positional, .init(kindAloneMeansAll: false))
        let found = selection.fetch(on: &endpoint, namespace: invocation.namespace)
        var failures = found.failures.map { CommandFailure($0) }
        for object in found.objects {
            do throws(CommandFailure) {
                let resource = object.kind.resource
                guard ["Deployment", "ReplicaSet", "StatefulSet"].contains(resource.kind) else {
                    throw CommandFailure(
                        "cannot autoscale a \(resource.kind).\(resource.group): the server could not find the requested resource"
                    )
                }
                let name = arguments.string("name").or(object.name)
                var spec: OrderedDictionary<String, JSONValue> = [
                    "maxReplicas": .integer(most),
                    "scaleTargetRef": [
                        "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind),
                        "name": .string(object.name),
                    ],
                ]
                if least >= 0 { spec["minReplicas"] = .integer(least) }
                if !metrics.isEmpty { spec["metrics"] = .array(metrics) }
                let body: JSONValue = [
                    "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                    "metadata": ["name": .string(name), "namespace": .string(object.namespace)], "spec": .object(spec),
                ]
                var after = body
                if case .client = reporter.dryRun {
                } else {
                    let asks = if case .server = reporter.dryRun { true } else { false }
                    after = try endpoint.respond(
                        to: APIRequest(
                            .create, HorizontalPodAutoscaler.resource, namespace: object.namespace, body: body,
                            dryRun: asks, fieldManager: "kubectl-autoscale")
                    ).object()
                }
                try reporter.report(HorizontalPodAutoscaler.resource, name, "autoscaled", after)
            } catch { failures.append(error) }
        }
        return invocation.finish(failures)
    }

    private static func metric(_ name: String, _ target: JSONValue) -> JSONValue {
        ["resource": ["name": .string(name), "target": target], "type": "Resource"]
    }

    private static func target(_ text: String, _ name: String) throws(CommandFailure) -> JSONValue {
        if text.hasSuffix("%") {
            guard let percent = Int64(text.dropLast()), percent >= 0 else {
                throw CommandFailure("invalid value for --\(name): \"\(text)\"")
            }
            return ["averageUtilization": .integer(percent), "type": "Utilization"]
        }
        do { return ["averageValue": .string(try Quantity(parsing: text).description), "type": "AverageValue"] } catch {
            throw CommandFailure("invalid value for --\(name): \"\(text)\": \(error.description)")
        }
    }
}
