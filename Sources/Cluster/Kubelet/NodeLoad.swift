import ContainerRuntime
import KubernetesAPI

/// What the pods of a node that are not finished ask for in sum, kept as they come and go.
///
/// Amounts are rounded up pod by pod, so the sum is never less than the exact one: a pod that fits by it fits. Only
/// one that does not is looked at exactly. Rebuilt on restore, and checked against a recount by the audit.
struct NodeLoad: Sendable, Equatable {
    /// Pods that are not finished.
    var pods = 0
    var requests = ResourceVector()

    /// Above this an amount is not told from infinity, so that no sum overflows.
    private static let ceiling: Int64 = 1 << 50

    /// What one pod adds.
    static func share(_ requests: ResourceVector) -> ResourceVector {
        var share = requests
        share.cpuMilli = min(share.cpuMilli, ceiling)
        share.memory = min(share.memory, ceiling)
        share.ephemeralStorage = min(share.ephemeralStorage, ceiling)
        for place in share.extended.indices {
            share.extended[place].amount = min(share.extended[place].amount, ceiling)
        }
        return share
    }

    mutating func add(_ share: ResourceVector) {
        pods += 1
        requests.add(share)
    }

    mutating func remove(_ share: ResourceVector) {
        pods -= 1
        requests.add(share, sign: -1)
    }

    /// Whether a pod that is counted already certainly fits; false says that an exact look is due.
    func certainlyHolds(_ share: ResourceVector, in allocatable: [String: Quantity], pods limit: Int64) -> Bool {
        guard Int64(pods) <= limit, share.extended.isEmpty else { return false }
        func fits(_ own: Int64, _ sum: Int64, _ name: String, _ amount: (Quantity) -> Int64) -> Bool {
            guard own != 0 else { return true }
            guard let capacity = allocatable[name] else { return false }
            // The capacity is rounded up too; one less is certainly there.
            return sum < amount(capacity) && amount(capacity) <= Self.ceiling
        }
        return fits(share.cpuMilli, requests.cpuMilli, "cpu", \.milliValue)
            && fits(share.memory, requests.memory, "memory", \.value)
            && fits(share.ephemeralStorage, requests.ephemeralStorage, "ephemeral-storage", \.value)
    }

    static func == (left: Self, right: Self) -> Bool {
        left.pods == right.pods && left.requests.amountsEqual(right.requests)
    }
}

extension Kubelet {
    /// Counts the pods of every node anew, after a snapshot was read.
    mutating func restore(from store: APIStore) {
        for index in nodes.indices { nodes[index].load = NodeLoad() }
        for slot in pods.indices {
            guard let record = pods[slot], let pod = store[record.id] else { continue }
            let share = NodeLoad.share(ResourceVector(PodResources.requests(of: pod)))
            pods[slot]?.requests = share
            if record.stage != .finished { nodes[Int(record.node.index)].load.add(share) }
        }
    }

    /// Follows a change of a pod's spec.
    mutating func recount(_ sandbox: SandboxID, _ shape: PodShape) {
        guard let record = record(sandbox) else { return }
        let share = NodeLoad.share(shape.requests)
        guard share != record.requests else { return }
        pods[Int(sandbox.slot)]?.requests = share
        guard record.stage != .finished else { return }
        nodes[Int(record.node.index)].load.remove(record.requests)
        nodes[Int(record.node.index)].load.add(share)
    }
}
