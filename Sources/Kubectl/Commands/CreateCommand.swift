import KubernetesAPI
import OrderedCollections

/// `kubectl create`: from files, or of a kind by flags (`kubectl/pkg/cmd/create`).
enum CreateCommand: Command {
    static let definition = CommandDefinition(
        "create", "Create a resource from a file or from stdin, or by its kind",
        usage: "(-f FILENAME | KIND NAME [flags]) [options]",
        examples: [
            "create -f pod.yaml", "create deployment web --image=nginx --replicas=3",
            "create configmap settings --from-literal=mode=prod",
            "create secret generic keys --from-literal=api=123", "create namespace shop",
            "create job once --image=busybox -- date",
            "create quota q --hard=pods=4", "create pdb web --selector=app=web --min-available=1",
        ],
        flags: [
            .filename, .recursive, .kustomize, .output, .dryRun, .fieldManager, .showManagedFields, .selector,
            Flag(
                "validate", "", .optional("strict"), initial: "strict",
                "strict (or true), warn, or ignore (or false): what to do about unknown fields"),
            Flag(
                "save-config", "", .bool, "If true, the configuration of current object will be saved in its annotation"
            ),
            Flag("image", "", .repeated, "Image of a container (deployment, job, cronjob)"),
            Flag("replicas", "r", .int, initial: "1", "Number of replicas (deployment)"),
            Flag("port", "", .int, initial: "-1", "The containerPort (deployment)"),
            Flag("from-literal", "", .repeated, "Key and value, such as mykey=somevalue (configmap, secret)"),
            Flag("from-file", "", .repeated, "A file whose name is the key, or key=file (configmap, secret)"),
            Flag("from-env-file", "", .repeated, "A file with a key=value in each line (configmap, secret)"),
            Flag("type", "The type of a secret"), Flag("schedule", "A schedule in the Cron format (cronjob)"),
            Flag("restart", "Restart policy (job, cronjob)"),
            Flag("from", "The name of the resource to create a Job from: cronjob/NAME (job)"),
            Flag("hard", "A comma-delimited set of resource=quantity pairs (quota)"),
            Flag("scopes", "", .list, "Scopes of a quota"),
            Flag("min-available", "The minimum number or percentage of available pods (pdb)"),
            Flag("max-unavailable", "The maximum number or percentage of unavailable pods (pdb)"),
            Flag("value", "", .int, "The value of a priority class"),
            Flag("global-default", "", .bool, "The priority class of pods that name none"),
            Flag("description", "What a priority class is for"),
            Flag("preemption-policy", "", .string, initial: "PreemptLowerPriority", "Whether the class preempts"),
            Flag("tcp", "", .list, "Port pairs of a service: port or port:targetPort"),
            Flag("clusterip", "The ClusterIP of a service"),
            Flag("verb", "", .list, "Verbs of a role"), Flag("resource", "", .list, "Resources of a role"),
            Flag("role", "The Role of a binding"), Flag("clusterrole", "The ClusterRole of a binding"),
            Flag("user", "", .list, "Users of a binding"),
            Flag("group", "", .list, "Groups of a binding"),
            Flag("serviceaccount", "", .list, "Service accounts of a binding: namespace:name"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        if let word = arguments.positional.first {
            let (object, kind) = try ImperativeObject.make(
                word, Array(arguments.positional.dropFirst()), invocation, on: &endpoint)
            return try send(object, kind, word, invocation, on: &endpoint)
        }
        guard arguments.has("filename") || arguments.has("kustomize") else {
            throw invocation.usage("must specify one of -f and -k")
        }
        return try createFiles(invocation, on: &endpoint)
    }

    private static func send(
        _ object: JSONValue, _ kind: KindRow, _ word: String, _ invocation: Invocation,
        on endpoint: inout some SimulatedEndpoint
    ) throws(CommandFailure) -> Int32 {
        var reporter = try Reporter(invocation)
        let resource = kind.resource
        let name = object["metadata"]?["name"]?.string ?? ""
        if case .client = reporter.dryRun {
            try reporter.report(resource, name, "created", object)
            return 0
        }
        let asks = if case .server = reporter.dryRun { true } else { false }
        let answer = endpoint.respond(
            to: APIRequest(
                .create, resource, namespace: resource.namespaced ? invocation.namespace : "", body: object,
                dryRun: asks,
                fieldManager: "kubectl-create"))
        invocation.show(warnings: answer.warnings)
        if case .failure(let status) = answer.body {
            // Most of kubectl's generators word it so; namespaces and priority classes do not.
            if ["Namespace", "PriorityClass"].contains(resource.kind) { throw CommandFailure(status) }
            throw CommandFailure("failed to create \(resource.singular): \(status.message)")
        }
        try reporter.report(resource, name, "created", try answer.object())
        return 0
    }

    private static func createFiles(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint)
        throws(CommandFailure) -> Int32
    {
        var reporter = try Reporter(invocation)
        let validation = try FieldValidation.read(invocation.arguments.string("validate"))
        let annotator = ApplyCommand(files: [], namespace: invocation.namespace)
        var failures: [CommandFailure] = []
        for object in try invocation.manifestObjects() {
            let resource = object.kind.resource
            let body = invocation.arguments.bool("save-config") ? annotator.annotated(object) : object.value
            if case .client = reporter.dryRun {
                try reporter.report(resource, object.name, "created", body)
                continue
            }
            let asks = if case .server = reporter.dryRun { true } else { false }
            let answer = endpoint.respond(
                to: APIRequest(
                    .create, resource, namespace: object.namespace, body: body, dryRun: asks,
                    fieldValidation: validation, fieldManager: "kubectl-create"))
            invocation.show(warnings: answer.warnings)
            switch answer.body {
            case .object(let value):
                try reporter.report(resource, value["metadata"]?["name"]?.string ?? object.name, "created", value)
            case .failure(let status):
                failures.append(
                    CommandFailure(text: ServerError.text(status, action: "error when creating \"\(object.file)\"")))
            case .list, .text: break
            }
        }
        return invocation.finish(failures)
    }
}

/// The objects that `create KIND NAME` makes from flags.
enum ImperativeObject {
    static func make(
        _ word: String, _ words: [String], _ invocation: Invocation, on endpoint: inout some SimulatedEndpoint
    ) throws(CommandFailure) -> (JSONValue, KindRow) {
        var words = words
        var kindWord = word
        if word == "secret" {
            guard words.first == "generic" else {
                throw CommandFailure("Create a secret with specified type.\nOnly \"secret generic\" is supported here.")
            }
            words.removeFirst()
        }
        var serviceType = ""
        if word == "service" || word == "svc" {
            let types = ["clusterip": "ClusterIP", "nodeport": "NodePort", "loadbalancer": "LoadBalancer"]
            guard let type = words.first.flatMap({ types[$0] }) else {
                throw CommandFailure(
                    "Create a service using a specified subcommand: clusterip, nodeport or loadbalancer")
            }
            serviceType = type
            words.removeFirst()
        }
        if word == "dep" { kindWord = "deployment" }
        guard let kind = ResourceCatalogue.kind(kindWord), let make = makers[kind.resource.kind] else {
            throw CommandFailure(
                "unknown command \"\(word)\"\nSee '\(invocation.program) create -h' for help and examples")
        }
        let command = invocation.arguments.dash.map { Array(invocation.arguments.positional.dropFirst($0)) } ?? []
        let names = words.prefix(words.count - command.count)
        guard names.count == 1, let name = names.first else {
            throw invocation.usage(
                names.isEmpty
                    ? "exactly one NAME is required, got 0" : "exactly one NAME is required, got \(names.count)")
        }
        let input = Input(name: name, command: command, serviceType: serviceType, invocation: invocation)
        if kind.resource.kind == "Job", !invocation.arguments.string("from").isEmpty {
            return (try job(from: invocation.arguments.string("from"), input, on: &endpoint), kind)
        }
        var (metadata, body) = try make(input)
        metadata["name"] = .string(name)
        if kind.resource.namespaced, invocation.arguments.has("namespace") {
            metadata["namespace"] = .string(invocation.namespace)
        }
        body["apiVersion"] = .string(kind.resource.apiVersion)
        body["kind"] = .string(kind.resource.kind)
        body["metadata"] = .object(metadata)
        return (.object(body), kind)
    }

    struct Input {
        var name: String
        /// The words behind `--`.
        var command: [String]
        var serviceType: String
        var invocation: Invocation

        var arguments: ParsedArguments { invocation.arguments }

        func required(_ flag: String) throws(CommandFailure) -> String {
            let value = arguments.string(flag)
            guard !value.isEmpty else { throw CommandFailure("required flag(s) \"\(flag)\" not set") }
            return value
        }

        /// Keys and values from literals, files and environment files.
        func data() throws(CommandFailure) -> [(key: String, bytes: [UInt8])] {
            var rows: [(key: String, bytes: [UInt8])] = []
            for text in arguments.list("from-literal") {
                guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
                    throw CommandFailure("invalid literal source \(text), expected key=value")
                }
                rows.append((String(text[..<equals]), Array(text[text.index(after: equals)...].utf8)))
            }
            for text in arguments.list("from-file") {
                let pair = text.split(separator: "=", maxSplits: 1).map(String.init)
                let path = pair.count > 1 ? pair[1] : text
                let key = pair.count > 1 ? pair[0] : path.split(separator: "/").last.map(String.init) ?? path
                rows.append((key, try read(path)))
            }
            for path in arguments.list("from-env-file") {
                for line in String(decoding: try read(path), as: UTF8.self).split(separator: "\n")
                where !line.hasPrefix("#") {
                    let pair = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                        String.init)
                    rows.append((pair[0].trimmingSpace, Array((pair.count > 1 ? pair[1] : "").utf8)))
                }
            }
            var seen: Set<String> = []
            for row in rows where !seen.insert(row.key).inserted {
                throw CommandFailure(
                    "cannot add key \"\(row.key)\", another key by that name already exists in Data for ConfigMap \"\(name)\""
                )
            }
            return rows
        }

        private func read(_ path: String) throws(CommandFailure) -> [UInt8] {
            do { return try invocation.environment.contents(ofFile: path) } catch {
                throw CommandFailure("error reading \(path): \(error.reason)")
            }
        }
    }

    typealias Members = OrderedDictionary<String, JSONValue>
    private typealias Maker = @Sendable (Input) throws(CommandFailure) -> (metadata: Members, body: Members)

    private static let makers: [String: Maker] = [
        "Namespace": { _ throws(CommandFailure) in ([:], ["spec": [:], "status": [:]]) },
        "ServiceAccount": { _ throws(CommandFailure) in ([:], [:]) },
        "Deployment": { input throws(CommandFailure) in try deployment(input) },
        "ConfigMap": { input throws(CommandFailure) in try configMap(input) },
        "Secret": { input throws(CommandFailure) in
            var data: Members = [:]
            for (key, bytes) in try input.data() { data[key] = .string(Base64.encode(bytes)) }
            var body: Members = ["data": .object(data)]
            if !input.arguments.string("type").isEmpty { body["type"] = .string(input.arguments.string("type")) }
            return ([:], body)
        },
        "Job": { input throws(CommandFailure) in
            (
                [:],
                ["spec": ["template": ["metadata": [:], "spec": try podSpec(input, restart: "Never")]], "status": [:]]
            )
        },
        "CronJob": { input throws(CommandFailure) in
            let schedule = try input.required("schedule")
            let template: JSONValue = ["metadata": [:], "spec": try podSpec(input, restart: "OnFailure")]
            return (
                [:],
                [
                    "spec": [
                        "jobTemplate": ["metadata": ["name": .string(input.name)], "spec": ["template": template]],
                        "schedule": .string(schedule),
                    ], "status": [:],
                ]
            )
        },
        "ResourceQuota": { input throws(CommandFailure) in
            var spec: Members = [:]
            if !input.arguments.string("hard").isEmpty {
                spec["hard"] = try QuantityList.read(input.arguments.string("hard"))
            }
            if input.arguments.has("scopes") {
                spec["scopes"] = .array(input.arguments.list("scopes").map { .string($0) })
            }
            return ([:], ["spec": .object(spec), "status": [:]])
        },
        "PodDisruptionBudget": { input throws(CommandFailure) in try disruptionBudget(input) },
        "PriorityClass": { input throws(CommandFailure) in
            (
                [:],
                [
                    "description": .string(input.arguments.string("description")),
                    "globalDefault": .bool(input.arguments.bool("global-default")),
                    "preemptionPolicy": .string(input.arguments.string("preemption-policy")),
                    "value": .integer(input.arguments.int("value")),
                ]
            )
        },
        "Service": { input throws(CommandFailure) in try service(input) },
        "Role": { input throws(CommandFailure) in ([:], ["rules": try rules(input)]) },
        "ClusterRole": { input throws(CommandFailure) in ([:], ["rules": try rules(input)]) },
        "RoleBinding": { input throws(CommandFailure) in try binding(input) },
        "ClusterRoleBinding": { input throws(CommandFailure) in try binding(input) },
    ]

    private static func container(_ image: String, _ name: String, _ command: [String]) -> Members {
        var container: Members = ["image": .string(image), "name": .string(name), "resources": [:]]
        if !command.isEmpty { container["command"] = .array(command.map { .string($0) }) }
        return container
    }

    /// `registry/team/agent:2` is called `agent`.
    static func containerName(of image: String) -> String {
        let last = image.split(separator: "/").last.map(String.init) ?? image
        let bare = last.prefix { $0 != ":" && $0 != "@" }
        return String(bare.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "-" }).lowercased()
    }

    private static func deployment(_ input: Input) throws(CommandFailure) -> (metadata: Members, body: Members) {
        let images = input.arguments.list("image")
        guard !images.isEmpty else { throw CommandFailure("required flag(s) \"image\" not set") }
        if images.count > 1, !input.command.isEmpty {
            throw CommandFailure("cannot specify multiple --image options and command")
        }
        var containers: [JSONValue] = []
        for image in images {
            var container = container(image, containerName(of: image), input.command)
            if input.arguments.int("port") >= 0, images.count == 1 {
                container["ports"] = [["containerPort": .integer(input.arguments.int("port"))]]
            }
            containers.append(.object(container))
        }
        guard input.arguments.int("replicas") >= 0 else { throw CommandFailure("replicas must be non-negative") }
        let labels: JSONValue = ["app": .string(input.name)]
        let spec: JSONValue = [
            "replicas": .integer(input.arguments.int("replicas")), "selector": ["matchLabels": labels], "strategy": [:],
            "template": ["metadata": ["labels": labels], "spec": ["containers": .array(containers)]],
        ]
        return (["labels": labels], ["spec": spec, "status": [:]])
    }

    private static func podSpec(_ input: Input, restart: String) throws(CommandFailure) -> JSONValue {
        guard let image = input.arguments.list("image").first else {
            throw CommandFailure("either --image or --from must be specified")
        }
        return [
            "containers": [.object(container(image, input.name, input.command))],
            "restartPolicy": .string(input.arguments.string("restart").or(restart)),
        ]
    }

    /// A job as a CronJob would make it now.
    private static func job(from source: String, _ input: Input, on endpoint: inout some SimulatedEndpoint)
        throws(CommandFailure) -> JSONValue
    {
        let found = try ResourceSelection([source]).fetch(on: &endpoint, namespace: input.invocation.namespace)
        if let failure = found.failures.first { throw CommandFailure(failure) }
        guard let cron = found.objects.first, cron.kind.resource.kind == "CronJob" else {
            throw CommandFailure("from must be an existing cronjob")
        }
        let template = cron.value["spec"]?["jobTemplate"]
        var annotations = template?["metadata"]?["annotations"]?.object ?? [:]
        annotations["cronjob.kubernetes.io/instantiate"] = "manual"
        var metadata: Members = ["name": .string(input.name), "annotations": .object(annotations)]
        if let labels = template?["metadata"]?["labels"] { metadata["labels"] = labels }
        metadata["ownerReferences"] = [
            [
                "apiVersion": "batch/v1", "controller": true, "kind": "CronJob", "name": .string(cron.name),
                "uid": cron.value["metadata"]?["uid"] ?? "",
            ]
        ]
        return [
            "apiVersion": "batch/v1", "kind": "Job", "metadata": .object(metadata), "spec": template?["spec"] ?? [:],
            "status": [:],
        ]
    }

    private static func configMap(_ input: Input) throws(CommandFailure) -> (metadata: Members, body: Members) {
        var data: Members = [:]
        var binary: Members = [:]
        for (key, bytes) in try input.data() {
            if let problem = NameRules.configMapKey(key).first {
                throw CommandFailure("\"\(key)\" is not a valid key name for a ConfigMap: \(problem)")
            }
            if let text = String(validating: bytes, as: UTF8.self) {
                data[key] = .string(text)
            } else {
                binary[key] = .string(Base64.encode(bytes))
            }
        }
        var body: Members = [:]
        if !data.isEmpty { body["data"] = .object(data) }
        if !binary.isEmpty { body["binaryData"] = .object(binary) }
        return ([:], body)
    }

    /// A number, or a percentage as text.
    private static func amount(_ text: String) -> JSONValue { Int64(text).map { .integer($0) } ?? .string(text) }

    private static func disruptionBudget(_ input: Input) throws(CommandFailure) -> (metadata: Members, body: Members) {
        let selector = input.arguments.string("selector")
        guard !selector.isEmpty else { throw CommandFailure("a selector must be specified") }
        let (least, most) = (input.arguments.string("min-available"), input.arguments.string("max-unavailable"))
        guard least.isEmpty != most.isEmpty else {
            throw CommandFailure(
                least.isEmpty
                    ? "one of min-available or max-unavailable must be specified"
                    : "min-available and max-unavailable cannot be both specified")
        }
        var labels: Members = [:]
        for part in selector.split(separator: ",") {
            let pair = part.split(separator: "=").map(String.init)
            guard pair.count == 2 else { throw CommandFailure("invalid label selector: \(selector)") }
            labels[pair[0]] = .string(pair[1])
        }
        var spec: Members = ["selector": ["matchLabels": .object(labels)]]
        if !least.isEmpty { spec["minAvailable"] = amount(least) } else { spec["maxUnavailable"] = amount(most) }
        return ([:], ["spec": .object(spec)])
    }

    private static func service(_ input: Input) throws(CommandFailure) -> (metadata: Members, body: Members) {
        var ports: [JSONValue] = []
        for text in input.arguments.list("tcp") {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count <= 2, let port = Int64(parts[0]), (1...65_535).contains(port) else {
                throw CommandFailure("invalid tcp port: \(text)")
            }
            let target = parts.count > 1 ? amount(parts[1]) : .integer(port)
            ports.append([
                "name": .string(text.replacing(":", with: "-")), "port": .integer(port), "protocol": "TCP",
                "targetPort": target,
            ])
        }
        let clusterIP = input.arguments.string("clusterip")
        guard !ports.isEmpty || clusterIP == "None" else {
            throw CommandFailure("at least one tcp port specifier must be provided")
        }
        let labels: JSONValue = ["app": .string(input.name)]
        var spec: Members = ["ports": .array(ports), "selector": labels, "type": .string(input.serviceType)]
        if !clusterIP.isEmpty { spec["clusterIP"] = .string(clusterIP) }
        return (["labels": labels], ["spec": .object(spec), "status": ["loadBalancer": [:]]])
    }

    private static func rules(_ input: Input) throws(CommandFailure) -> JSONValue {
        let verbs = input.arguments.list("verb")
        guard !verbs.isEmpty else { throw CommandFailure("at least one verb must be specified") }
        let words = input.arguments.list("resource")
        guard !words.isEmpty else { throw CommandFailure("at least one resource must be specified") }
        var groups: Members = [:]
        for word in words {
            let resource = try ResourceSelection.kind(word).resource
            groups[resource.group] = .array((groups[resource.group]?.array ?? []) + [.string(resource.plural)])
        }
        return .array(
            groups.map { group, resources in
                ["apiGroups": [.string(group)], "resources": resources, "verbs": .array(verbs.map { .string($0) })]
            })
    }

    private static func binding(_ input: Input) throws(CommandFailure) -> (metadata: Members, body: Members) {
        let (role, cluster) = (input.arguments.string("role"), input.arguments.string("clusterrole"))
        guard role.isEmpty != cluster.isEmpty else {
            throw CommandFailure("exactly one of clusterrole or role must be specified")
        }
        var subjects: [JSONValue] = []
        for (kind, flag) in [("User", "user"), ("Group", "group")] {
            for name in input.arguments.list(flag) {
                subjects.append(["apiGroup": "rbac.authorization.k8s.io", "kind": .string(kind), "name": .string(name)])
            }
        }
        for text in input.arguments.list("serviceaccount") {
            let parts = text.split(separator: ":").map(String.init)
            guard parts.count == 2 else { throw CommandFailure("serviceaccount must be <namespace>:<name>") }
            subjects.append(["kind": "ServiceAccount", "name": .string(parts[1]), "namespace": .string(parts[0])])
        }
        let reference: JSONValue = [
            "apiGroup": "rbac.authorization.k8s.io", "kind": .string(role.isEmpty ? "ClusterRole" : "Role"),
            "name": .string(role.or(cluster)),
        ]
        return ([:], ["roleRef": reference, "subjects": .array(subjects)])
    }
}
