import KubernetesAPI

/// What a pod asks of a node (`component-helpers/resource`).
public enum PodResources {
    /// The larger of what runs at once and of each step of the initialisation, plus overhead.
    public static func requests(of pod: Pod) -> [String: Quantity] { requests(of: pod.spec) }

    static func requests(of spec: PodSpec) -> [String: Quantity] { total(of: spec) { $0.resources?.requests ?? [:] } }

    /// The sum of limits in the same way; containers without a limit count as nothing.
    public static func limits(of pod: Pod) -> [String: Quantity] { total(of: pod.spec) { $0.resources?.limits ?? [:] } }

    private static func total(of spec: PodSpec, _ amounts: (Container) -> [String: Quantity]) -> [String: Quantity] {
        var sum: [String: Quantity] = [:]
        for container in spec.ownContainers { add(amounts(container), to: &sum) }
        var sidecars: [String: Quantity] = [:]
        var peak: [String: Quantity] = [:]
        for container in spec.ownInitContainers {
            if container.restartPolicy == "Always" {
                add(amounts(container), to: &sidecars)
                raise(&peak, to: sidecars)
            } else {
                var step = sidecars
                add(amounts(container), to: &step)
                raise(&peak, to: step)
            }
        }
        add(sidecars, to: &sum)
        raise(&sum, to: peak)
        if let own = spec.resources {
            var stand = Container()
            stand.resources = own
            for (name, amount) in amounts(stand) where ["cpu", "memory"].contains(name) || name.hasPrefix("hugepages-")
            { sum[name] = amount }
        }
        add(spec.overhead, to: &sum)
        return sum
    }

    private static func add(_ amounts: [String: Quantity], to sum: inout [String: Quantity]) {
        for (name, amount) in amounts { sum[name] = (sum[name] ?? Quantity()) + amount }
    }

    private static func raise(_ sum: inout [String: Quantity], to other: [String: Quantity]) {
        for (name, amount) in other where (sum[name] ?? Quantity()) < amount { sum[name] = amount }
    }
}
