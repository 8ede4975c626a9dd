import KubernetesAPI
import OrderedCollections

/// `kubectl set env` (`kubectl/pkg/cmd/set/set_env.go`).
enum SetEnvironmentCommand: Command {
    static let definition = CommandDefinition(
        "set env", "Update environment variables on a pod template",
        usage: "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]",
        examples: [
            "set env deploy/web MODE=prod", "set env deploy/web --list", "set env deploy/web MODE-",
            "set env --from=configmap/settings deploy/web",
        ],
        flags: ContainerChange.flags + [
            Flag(
                "containers", "c", .string, initial: "*",
                "The names of containers in the selected pod templates to change, all containers are selected by default, can use wildcards"
            ),
            Flag(
                "env", "e", .repeated, "Specify a key-value pair for an environment variable to set into each container"
            ),
            Flag(
                "from",
                "The name of a resource from which to inject environment variables: configmap/NAME or secret/NAME"),
            Flag("prefix", "Prefix to append to variable names"),
            Flag("keys", "", .list, "Comma-separated list of keys to import from specified resource"),
            Flag("list", "", .bool, "If true, display the environment and any changes in the standard format"),
            Flag("resolve", "", .bool, "Ignored: references are listed as references"),
            Flag("overwrite", "", .bool, initial: "true", "If true, allow environment to be overwritten"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        var resources: [String] = []
        var variables: [JSONValue] = []
        var removed: [String] = []
        for word in arguments.positional + arguments.list("env") {
            if let equals = word.firstIndex(of: "=") {
                variables.append([
                    "name": .string(String(word[..<equals])),
                    "value": .string(String(word[word.index(after: equals)...])),
                ])
            } else if word.hasSuffix("-"), word.count > 1, !word.contains("/") {
                removed.append(String(word.dropLast()))
            } else {
                resources.append(word)
            }
        }
        guard
            !resources.isEmpty || arguments.has("filename") || arguments.bool("all")
                || !arguments.string("selector").isEmpty
        else {
            throw invocation.usage("one or more resources must be specified as <resource> <name> or <resource>/<name>")
        }
        if arguments.has("from") { variables += try imported(invocation, on: &endpoint) }
        if arguments.bool("list") { return try list(invocation, resources, on: &endpoint) }
        guard !variables.isEmpty || !removed.isEmpty else {
            throw invocation.usage("at least one environment variable must be provided")
        }
        return try ContainerChange.run(invocation, resources, "env updated", on: &endpoint) {
            target, containers, _ throws(CommandFailure) in
            var changes: [JSONValue] = []
            for container in containers {
                let name = container["name"]?.string ?? ""
                guard PodTemplatePath.matches(arguments.string("containers"), name) else { continue }
                let present = container["env"]?.array ?? []
                if !arguments.bool("overwrite") {
                    for variable in variables {
                        guard let old = present.first(where: { $0["name"] == variable["name"] }),
                            old["value"] != variable["value"]
                        else { continue }
                        throw CommandFailure(
                            "'\(variable["name"]?.string ?? "")' already has a value (\(old["value"]?.string ?? "")), and --overwrite is false"
                        )
                    }
                }
                var rows = removed.filter { key in present.contains { $0["name"]?.string == key } }.map {
                    key -> JSONValue in ["name": .string(key), "$patch": "delete"]
                }
                rows += variables.map { variable in
                    // A value takes the place of a reference, and the other way round.
                    guard var members = variable.object,
                        let old = present.first(where: { $0["name"] == variable["name"] })
                    else { return variable }
                    if members["value"] != nil, old["valueFrom"] != nil { members["valueFrom"] = .null }
                    if members["valueFrom"] != nil, old["value"] != nil { members["value"] = .null }
                    return .object(members)
                }
                changes.append(["name": .string(name), "env": .array(rows)])
            }
            guard !changes.isEmpty else {
                throw CommandFailure(
                    "\(target.label) does not have any containers matching \"\(arguments.string("containers"))\"")
            }
            return ["containers": .array(changes)]
        }
    }

    /// A variable for each key of a ConfigMap or Secret.
    private static func imported(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint)
        throws(CommandFailure) -> [JSONValue]
    {
        let arguments = invocation.arguments
        let found = try ResourceSelection([arguments.string("from")]).fetch(
            on: &endpoint, namespace: invocation.namespace)
        if let failure = found.failures.first { throw CommandFailure(failure) }
        guard let source = found.objects.first, ["ConfigMap", "Secret"].contains(source.kind.resource.kind) else {
            throw CommandFailure("unsupported resource specified in --from")
        }
        let reference = source.kind.resource.kind == "Secret" ? "secretKeyRef" : "configMapKeyRef"
        let keys = (source.value["data"]?.object ?? [:]).keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let wanted = arguments.list("keys")
        return keys.filter { wanted.isEmpty || wanted.contains($0) }.map { key in
            let name = String(
                (arguments.string("prefix") + key).map { $0.isLetter || $0.isNumber || $0 == "_" ? $0 : "_" }
            ).uppercased()
            return [
                "name": .string(name),
                "valueFrom": .object([reference: ["key": .string(key), "name": .string(source.name)]]),
            ]
        }
    }

    private static func list(_ invocation: Invocation, _ resources: [String], on endpoint: inout some SimulatedEndpoint)
        throws(CommandFailure) -> Int32
    {
        let found = try invocation.targets(resources, on: &endpoint)
        for target in found.objects {
            guard let spec = PodTemplatePath.spec(of: target) else { continue }
            for container in spec["containers"]?.array ?? [] {
                let name = container["name"]?.string ?? ""
                guard PodTemplatePath.matches(invocation.arguments.string("containers"), name) else { continue }
                invocation.print("# \(target.kind.resource.kind) \(target.name), container \(name)")
                for variable in container["env"]?.array ?? [] { invocation.print(text(variable)) }
            }
        }
        return invocation.finish(found.failures.map { CommandFailure($0) })
    }

    private static func text(_ variable: JSONValue) -> String {
        let name = variable["name"]?.string ?? ""
        guard let source = variable["valueFrom"] else { return "\(name)=\(variable["value"]?.string ?? "")" }
        if let key = source["configMapKeyRef"] {
            return "# \(name) from configmap \(key["name"]?.string ?? ""), key \(key["key"]?.string ?? "")"
        }
        if let key = source["secretKeyRef"] {
            return "# \(name) from secret \(key["name"]?.string ?? ""), key \(key["key"]?.string ?? "")"
        }
        if let field = source["fieldRef"] { return "# \(name) from field path \(field["fieldPath"]?.string ?? "")" }
        return "# \(name) from resource field \(source["resourceFieldRef"]?["resource"]?.string ?? "")"
    }
}

/// `kubectl set resources` (`kubectl/pkg/cmd/set/set_resources.go`).
enum SetResourcesCommand: Command {
    static let definition = CommandDefinition(
        "set resources", "Update resource requests/limits on objects with pod templates",
        usage: "(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS] [options]",
        examples: ["set resources deploy/web -c web --limits=cpu=500m,memory=256Mi --requests=cpu=200m"],
        flags: ContainerChange.flags + [
            Flag(
                "containers", "c", .string, initial: "*",
                "The names of containers in the selected pod templates to change, all containers are selected by default, can use wildcards"
            ),
            Flag("limits", "The resource requirement limits for this container: cpu=100m,memory=256Mi"),
            Flag("requests", "The resource requirement requests for this container: cpu=100m,memory=256Mi"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        guard !arguments.string("limits").isEmpty || !arguments.string("requests").isEmpty else {
            throw CommandFailure(
                "you must specify an update to requests or limits (in the form of --requests/--limits)")
        }
        var resources: [(String, JSONValue)] = []
        for name in ["limits", "requests"] where !arguments.string(name).isEmpty {
            resources.append((name, try QuantityList.read(arguments.string(name))))
        }
        let wanted = JSONValue.object(.init(resources) { first, _ in first })
        return try ContainerChange.run(invocation, arguments.positional, "resource requirements updated", on: &endpoint)
        { target, containers, _ throws(CommandFailure) in
            let names = containers.compactMap { $0["name"]?.string }.filter {
                PodTemplatePath.matches(arguments.string("containers"), $0)
            }
            guard !names.isEmpty else {
                throw CommandFailure("unable to find container named \(arguments.string("containers"))")
            }
            return ["containers": .array(names.map { ["name": .string($0), "resources": wanted] })]
        }
    }
}

/// `cpu=100m,memory=256Mi` on a command line.
enum QuantityList {
    static func read(_ text: String) throws(CommandFailure) -> JSONValue {
        var members: [(String, JSONValue)] = []
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard pair.count == 2 else {
                throw CommandFailure("invalid argument syntax \(part), expected <resource>=<value>")
            }
            do { members.append((pair[0], .string(try Quantity(parsing: pair[1]).description))) } catch {
                throw CommandFailure(error.description)
            }
        }
        return .object(.init(members) { _, last in last })
    }
}
