import ContainerRuntime
import KubernetesAPI
import Simulation

/// What a container sees of its surroundings, and what is missing for it.
extension Kubelet {
    /// The first ConfigMap, Secret or key that the environment needs and that is not there.
    func missingReference(of container: Container, _ pod: Pod, _ context: borrowing ClusterContext) -> String? {
        let namespace = pod.metadata.namespace
        for source in container.envFrom {
            if let map = source.configMapRef, map.optional != true,
                context.store.configMaps.id(namespace: namespace, name: map.localObjectReference.name) == nil
            {
                return "configmap \"\(map.localObjectReference.name)\" not found"
            }
            if let secret = source.secretRef, secret.optional != true,
                context.store.secrets.id(namespace: namespace, name: secret.localObjectReference.name) == nil
            {
                return "secret \"\(secret.localObjectReference.name)\" not found"
            }
        }
        for variable in container.env {
            if let reference = variable.valueFrom?.configMapKeyRef, reference.optional != true {
                let name = reference.localObjectReference.name
                guard let map = context.store.configMaps.named(namespace + "/" + name) else {
                    return "configmap \"\(name)\" not found"
                }
                if map.data[reference.key] == nil {
                    return "couldn't find key \(reference.key) in ConfigMap \(namespace)/\(name)"
                }
            }
            if let reference = variable.valueFrom?.secretKeyRef, reference.optional != true {
                let name = reference.localObjectReference.name
                guard let secret = context.store.secrets.named(namespace + "/" + name) else {
                    return "secret \"\(name)\" not found"
                }
                if secret.data[reference.key] == nil, secret.stringData[reference.key] == nil {
                    return "couldn't find key \(reference.key) in Secret \(namespace)/\(name)"
                }
            }
        }
        return nil
    }

    /// The resolved environment, later entries over earlier ones, `$(NAME)` expanded.
    func environment(of container: Container, _ pod: Pod, _ record: PodRecord, _ context: borrowing ClusterContext)
        -> [(name: String, value: String)]
    {
        let namespace = pod.metadata.namespace
        var result: [(name: String, value: String)] = []
        var places: [String: Int] = [:]
        func set(_ name: String, _ value: String) {
            if let place = places[name] {
                result[place].value = value
            } else {
                places[name] = result.count
                result.append((name, value))
            }
        }
        for source in container.envFrom {
            let prefix = source.prefix
            if let map = source.configMapRef.flatMap({
                context.store.configMaps.named(namespace + "/" + $0.localObjectReference.name)
            }) {
                for key in map.data.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
                    set(prefix + key, map.data[key] ?? "")
                }
            }
            if let secret = source.secretRef.flatMap({
                context.store.secrets.named(namespace + "/" + $0.localObjectReference.name)
            }) {
                for key in secret.data.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
                    set(prefix + key, String(decoding: secret.data[key]?.content ?? [], as: UTF8.self))
                }
            }
        }
        for variable in container.env {
            guard let source = variable.valueFrom else {
                set(variable.name, Self.expand(variable.value) { name in places[name].map { result[$0].value } })
                continue
            }
            if let reference = source.configMapKeyRef {
                let map: ConfigMap? = context.store.named(namespace + "/" + reference.localObjectReference.name)
                if let value = map?.data[reference.key] { set(variable.name, value) }
            } else if let reference = source.secretKeyRef {
                let secret: Secret? = context.store.named(namespace + "/" + reference.localObjectReference.name)
                if let value = secret?.data[reference.key] {
                    set(variable.name, String(decoding: value.content, as: UTF8.self))
                }
            } else if let path = source.fieldRef?.fieldPath {
                set(variable.name, Self.field(path, pod, address: record.address))
            } else if let reference = source.resourceFieldRef {
                set(variable.name, Self.amount(reference, of: container))
            }
        }
        return result
    }

    /// What a container asks for or may use at most, as the downward API tells it.
    static func amount(_ reference: ResourceFieldSelector, of container: Container) -> String {
        let amounts =
            reference.resource.hasPrefix("limits.") ? container.resources?.limits : container.resources?.requests
        let name = reference.resource.split(separator: ".", maxSplits: 1).last.map(String.init) ?? ""
        return "\(amounts?[name]?.value ?? 0)"
    }

    /// A field of a pod, as the downward API tells it.
    static func field(_ path: String, _ pod: Pod, address: String) -> String {
        switch path {
        case "metadata.name": pod.metadata.name
        case "metadata.namespace": pod.metadata.namespace
        case "metadata.uid": pod.metadata.uid
        case "spec.nodeName": pod.spec.nodeName
        case "spec.serviceAccountName": pod.spec.serviceAccountName
        case "status.podIP", "status.podIPs": address
        case "status.hostIP", "status.hostIPs": pod.status.hostIP
        default:
            if path.hasPrefix("metadata.labels['"), path.hasSuffix("']") {
                pod.metadata.labels[String(path.dropFirst(17).dropLast(2))] ?? ""
            } else if path.hasPrefix("metadata.annotations['"), path.hasSuffix("']") {
                pod.metadata.annotations[String(path.dropFirst(22).dropLast(2))] ?? ""
            } else {
                ""
            }
        }
    }

    /// `$(NAME)` becomes the value of an earlier variable, `$$` a dollar; unknown names stay as they are.
    static func expand(_ text: String, _ lookup: (String) -> String?) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        var output = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            output += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.hasPrefix("$") {
                output += "$"
                rest.removeFirst()
            } else if rest.hasPrefix("("), let end = rest.firstIndex(of: ")") {
                let name = String(rest[rest.index(after: rest.startIndex)..<end])
                output += lookup(name) ?? "$(\(name))"
                rest = rest[rest.index(after: end)...]
            } else {
                output += "$"
            }
        }
        return output + rest
    }
}

extension HookAction {
    init(_ handler: LifecycleHandler, in container: Container) {
        if let exec = handler.exec {
            self = .exec(command: exec.command)
        } else if let http = handler.httpGet {
            self = .httpGet(path: http.path, port: container.portNumber(http.port))
        } else if let sleep = handler.sleep {
            self = .sleep(.seconds(sleep.seconds))
        } else {
            self = .sleep(.zero)
        }
    }
}

extension Container {
    /// A port given by number, or by the name of one of the container's ports; 0 if there is none of that name.
    func portNumber(_ port: IntOrString) -> Int {
        switch port {
        case .int(let number): Int(number)
        case .string(let name): ports.first { $0.name == name }.map { Int($0.containerPort) } ?? 0
        }
    }
}
