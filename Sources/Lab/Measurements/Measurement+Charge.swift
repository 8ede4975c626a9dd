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
            let isThis = { (spec: Container) in spec.name == container.name }
            let spec = pod.spec.ownContainers.first(where: isThis) ?? pod.spec.ownInitContainers.first(where: isThis)
            let request = spec?.resources?.requests["cpu"]?.doubleValue ?? 0
            borrowed += max(0, Double(container.cpuMilli) / 1_000 - request)
        }
        return borrowed
    }

    /// What pods take of the nodes that they are bound to.
    ///
    /// A pod pays half of its node's price by its share of the node's CPU and half by its share of the memory, each by
    /// its request or, where that is higher, by its usage, as OpenCost allocates (`cost allocation specification`). Of a
    /// node with GPUs nine tenths of the price go with the GPUs.
    static func charge(_ pods: [ObjectID<Pod>], _ field: String, _ world: borrowing World) -> Double {
        let store = world.cluster.context.store
        var total = 0.0
        // Pods of one node ask for the same machine.
        var machines: [String: Machine] = [:]
        // Pods of one template share their spec, and ask for the same.
        var last: (spec: PodSpec, cpu: Double, memory: Double, gpus: Double)?
        for id in pods {
            guard let pod = store.pod(id), !pod.spec.nodeName.isEmpty, pod.status.phase != "Failed",
                pod.status.phase != "Succeeded"
            else { continue }
            if field == "borrowedCPU" {
                total += borrowedCPU(id, pod, world)
                continue
            }
            let (cpu, memory, gpus): (Double, Double, Double)
            if let last, last.spec.shared.isIdentical(to: pod.spec.shared) {
                (cpu, memory, gpus) = (last.cpu, last.memory, last.gpus)
            } else {
                let requests = PodResources.requests(of: pod)
                cpu = requests["cpu"]?.doubleValue ?? 0
                memory = requests["memory"]?.doubleValue ?? 0
                gpus = requests[MachineMeter.gpuResource]?.doubleValue ?? 0
                last = (pod.spec, cpu, memory, gpus)
            }
            switch field {
            case "requestedCPU": total += cpu
            case "requestedMemory": total += memory
            case "gpus": total += gpus
            default:
                if machines[pod.spec.nodeName] == nil {
                    guard let node = store.node(pod.spec.nodeName) else { continue }
                    machines[pod.spec.nodeName] = Machine(node)
                }
                guard let machine = machines[pod.spec.nodeName] else { continue }
                var used: (cpu: Double, memory: Double) = (0, 0)
                for container in world.cluster.metricsServer.usage(of: id)?.containers ?? [] {
                    used.cpu += Double(container.cpuMilli) / 1_000
                    used.memory += Double(container.memoryBytes)
                }
                total += machine.price(
                    cpu: max(cpu, used.cpu), memory: max(memory, used.memory),
                    gpus: gpus)
            }
        }
        return total
    }

    /// What a node has, and what it costs an hour.
    private struct Machine {
        private let cores: Double
        private let bytes: Double
        private let gpus: Double
        private let price: Double

        init(_ node: Node) {
            cores = node.status.capacity["cpu"]?.doubleValue ?? 0
            bytes = node.status.capacity["memory"]?.doubleValue ?? 0
            gpus = node.status.capacity[MachineMeter.gpuResource]?.doubleValue ?? 0
            price = node.metadata.annotations[MachineMeter.priceAnnotation].flatMap(Double.init) ?? 0
        }

        /// Half of the price goes with the CPU and half with the memory; of a machine with GPUs a twentieth each, and the
        /// rest with the GPUs.
        func price(cpu: Double, memory: Double, gpus taken: Double) -> Double {
            let rest = (cores > 0 ? cpu / cores : 0) + (bytes > 0 ? memory / bytes : 0)
            guard gpus > 0 else { return rest / 2 * price }
            return (0.9 * taken / gpus + 0.05 * rest) * price
        }
    }
}
