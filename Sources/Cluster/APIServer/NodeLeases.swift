import ContainerRuntime
import KubernetesAPI
import Simulation

/// The Leases by which kubelets say that they are alive.
///
/// Every ten seconds a real kubelet renews its own. Nothing in the simulation follows from that while the machine is
/// well, so the renewal is not an event: it is computed when somebody looks. These Leases can be read, not watched.
extension Cluster {
    static let leaseNamespace = "kube-node-lease"

    /// Stored Leases and those of the nodes, by namespace and name; nil if the request is not about a node's.
    func leases(_ request: APIRequest, at now: SimulationTime) -> [Lease]? {
        if request.verb == .get {
            guard request.namespace == Self.leaseNamespace,
                context.store.leases.id(namespace: request.namespace, name: request.name) == nil
            else { return nil }
        }
        guard request.namespace.isEmpty || request.namespace == Self.leaseNamespace else { return nil }
        let stored = context.store.leases.sorted.map(\.object)
        let taken = Set(stored.map(\.key))
        return (stored + nodeLeases(at: now).filter { !taken.contains($0.key) }).sorted {
            $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
        }
    }

    private func nodeLeases(at now: SimulationTime) -> [Lease] {
        context.store.nodes.sorted.compactMap { _, node in
            let name = node.metadata.name
            guard let joined = node.metadata.creationTimestamp, let (health, since) = kubelet.health(of: name) else {
                return nil
            }
            let renewed = LeaseRenewal.last(
                joined: joined, isHealthy: health == .healthy, since: context.wallTime(at: since),
                now: context.wallTime(at: now))
            var owner = OwnerReference()
            owner.apiVersion = Node.resource.apiVersion
            owner.kind = Node.resource.kind
            owner.name = name
            owner.uid = node.metadata.uid
            var lease = Lease()
            lease.metadata.name = name
            lease.metadata.namespace = Self.leaseNamespace
            lease.metadata.creationTimestamp = joined
            lease.metadata.resourceVersion = "\(context.store.revision)"
            lease.metadata.ownerReferences = [owner]
            lease.spec.holderIdentity = name
            lease.spec.leaseDurationSeconds = 40
            lease.spec.renewTime = MicroTime(epochMicroseconds: renewed.epochSeconds * 1_000_000)
            return lease
        }
    }
}

/// When a kubelet last renewed its Lease (`pkg/kubelet/nodelease`: a quarter of the Lease's 40 seconds).
enum LeaseRenewal {
    static let period: Int64 = 10

    /// - Parameter since: when the machine became what it is, healthy or not; a machine that comes back renews at once.
    static func last(joined: Time, isHealthy: Bool, since: Time, now: Time) -> Time {
        let first = isHealthy ? max(joined, since) : joined
        let end = isHealthy ? now : since
        guard end > first else { return first }
        return Time(epochSeconds: end.epochSeconds - (end.epochSeconds - first.epochSeconds) % period)
    }
}
