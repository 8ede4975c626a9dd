import Cluster
import KubernetesAPI

extension Measurement {
    /// Whether a condition type is the one that a field names: `ableToScale` for `AbleToScale`.
    static func condition(_ type: String, isNamed field: String) -> Bool {
        type.utf8.count == field.utf8.count && type.dropFirst() == field.dropFirst()
            && type.lowercased().first == field.first
    }

    /// CPU that the pod's containers use beyond what each of them asked for: it comes out of what neighbours leave, and
    /// is gone as soon as they want theirs. Another container's request does not count for it.
    private static func borrowedCPU(_ id: ObjectID<Pod>, _ pod: Pod, _ world: borrowing World) -> Double {
        var borrowed = 0.0
        for container in world.cluster.metricsServer.usage(of: id)?.containers ?? [] {
            let spec = (pod.spec.containers + pod.spec.initContainers).first { $0.name == container.name }
            let request = spec?.resources?.requests["cpu"]?.doubleValue ?? 0
            borrowed += max(0, Double(container.cpuMilli) / 1_000 - request)
        }
        return borrowed
    }

    /// What pods take of the nodes that they are bound to.
    ///
    /// A pod pays half of its node's price by its share of the node's CPU and half by its share of the memory, each by
    /// its request or, where that is higher, by its usage, as OpenCost allocates (`cost allocation specification`).
    static func charge(_ pods: [ObjectID<Pod>], _ field: String, _ world: borrowing World) -> Double {
        let store = world.cluster.context.store
        var total = 0.0
        for id in pods {
            guard let pod = store[id], !pod.spec.nodeName.isEmpty, pod.status.phase != "Failed",
                pod.status.phase != "Succeeded"
            else { continue }
            let requests = PodResources.requests(of: pod)
            let cpu = requests["cpu"]?.doubleValue ?? 0
            let memory = requests["memory"]?.doubleValue ?? 0
            switch field {
            case "requestedCPU": total += cpu
            case "requestedMemory": total += memory
            case "borrowedCPU": total += borrowedCPU(id, pod, world)
            default:
                guard let node = store.nodes.named(pod.spec.nodeName) else { continue }
                var used: (cpu: Double, memory: Double) = (0, 0)
                for container in world.cluster.metricsServer.usage(of: id)?.containers ?? [] {
                    used.cpu += Double(container.cpuMilli) / 1_000
                    used.memory += Double(container.memoryBytes)
                }
                let cores = node.status.capacity["cpu"]?.doubleValue ?? 0
                let bytes = node.status.capacity["memory"]?.doubleValue ?? 0
                let share =
                    (cores > 0 ? max(cpu, used.cpu) / cores : 0) + (bytes > 0 ? max(memory, used.memory) / bytes : 0)
                total += share / 2 * (node.metadata.annotations[MachineMeter.priceAnnotation].flatMap(Double.init) ?? 0)
            }
        }
        return total
    }
}
