import KubernetesAPI

/// The admission plugin LimitRanger (`plugin/pkg/admission/limitranger`): defaults first, bounds after the other
/// mutations.
enum LimitRanger {
    // MARK: Defaults

    /// Fills in requests and limits that containers leave open, and says so in an annotation.
    static func applyDefaults(_ pod: inout Pod, _ ranges: [LimitRange]) {
        var requests: [String: Quantity] = [:]
        var limits: [String: Quantity] = [:]
        for range in ranges {
            for item in range.spec.limits where item.type == "Container" {
                // A limit without a default of its own takes the maximum, a request the limit, or else the minimum
                // (`SetDefaults_LimitRangeItem`); of several ranges the first speaks.
                let defaults = item.default.merging(item.max) { own, _ in own }
                limits.merge(defaults) { own, _ in own }
                requests.merge(
                    item.defaultRequest.merging(defaults) { own, _ in own }.merging(item.min) { own, _ in own }
                ) { own, _ in own }
            }
        }
        guard !requests.isEmpty || !limits.isEmpty else { return }
        var notes: [String] = []
        func fill(_ container: inout Container, _ noun: String) {
            var resources = container.resources ?? ResourceRequirements()
            // What a container states as a limit is its request too, before any default is looked at.
            for (name, limit) in resources.limits where resources.requests[name] == nil {
                resources.requests[name] = limit
            }
            let openRequests = requests.keys.filter { resources.requests[$0] == nil }.sorted {
                $0.utf8.lexicographicallyPrecedes($1.utf8)
            }
            let openLimits = limits.keys.filter { resources.limits[$0] == nil }.sorted {
                $0.utf8.lexicographicallyPrecedes($1.utf8)
            }
            for name in openRequests { resources.requests[name] = requests[name] }
            for name in openLimits { resources.limits[name] = limits[name] }
            if !openRequests.isEmpty {
                notes.append("\(openRequests.joined(separator: ", ")) request for \(noun) \(container.name)")
            }
            if !openLimits.isEmpty {
                notes.append("\(openLimits.joined(separator: ", ")) limit for \(noun) \(container.name)")
            }
            if !openRequests.isEmpty || !openLimits.isEmpty { container.resources = resources }
        }
        for index in pod.spec.containers.indices { fill(&pod.spec.containers[index], "container") }
        for index in pod.spec.initContainers.indices { fill(&pod.spec.initContainers[index], "init container") }
        if !notes.isEmpty {
            pod.metadata.annotations["kubernetes.io/limit-ranger"] =
                "LimitRanger plugin set: " + notes.joined(separator: "; ")
        }
    }

    // MARK: Bounds

    /// What breaks a bound, in the plugin's words.
    static func problems(of pod: Pod, _ ranges: [LimitRange]) -> [String] {
        var problems: [String] = []
        for range in ranges {
            for item in range.spec.limits {
                switch item.type {
                case "Container":
                    for container in pod.spec.ownContainers + pod.spec.ownInitContainers {
                        check(container.resources?.requests ?? [:], container.resources?.limits ?? [:], item, &problems)
                    }
                case "Pod":
                    check(podRequests(pod), podLimits(pod), item, &problems)
                default: break
                }
            }
        }
        return problems
    }

    /// The same for a claim's size.
    static func problems(of claim: PersistentVolumeClaim, _ ranges: [LimitRange]) -> [String] {
        var problems: [String] = []
        for range in ranges {
            for item in range.spec.limits where item.type == "PersistentVolumeClaim" {
                check(claim.spec.resources?.requests ?? [:], claim.spec.resources?.limits ?? [:], item, &problems)
            }
        }
        return problems
    }

    private static func podRequests(_ pod: Pod) -> [String: Quantity] { PodResources.requests(of: pod) }
    private static func podLimits(_ pod: Pod) -> [String: Quantity] { PodResources.limits(of: pod) }

    private static func check(
        _ requests: [String: Quantity], _ limits: [String: Quantity], _ item: LimitRangeItem, _ problems: inout [String]
    ) {
        func sorted(_ bounds: [String: Quantity]) -> [String] {
            bounds.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
        for name in sorted(item.min) {
            guard let bound = item.min[name] else { continue }
            guard let request = requests[name] else {
                problems.append("minimum \(name) usage per \(item.type) is \(bound).  No request is specified")
                continue
            }
            if request < bound {
                problems.append("minimum \(name) usage per \(item.type) is \(bound), but request is \(request)")
            } else if let limit = limits[name], limit < bound {
                problems.append("minimum \(name) usage per \(item.type) is \(bound), but limit is \(limit)")
            }
        }
        for name in sorted(item.max) {
            guard let bound = item.max[name] else { continue }
            guard item.type != "PersistentVolumeClaim" else {
                if let request = requests[name], request > bound {
                    problems.append("maximum \(name) usage per \(item.type) is \(bound), but request is \(request)")
                }
                continue
            }
            guard let limit = limits[name] else {
                problems.append("maximum \(name) usage per \(item.type) is \(bound).  No limit is specified")
                continue
            }
            if limit > bound {
                problems.append("maximum \(name) usage per \(item.type) is \(bound), but limit is \(limit)")
            } else if let request = requests[name], request > bound {
                problems.append("maximum \(name) usage per \(item.type) is \(bound), but request is \(request)")
            }
        }
        for name in sorted(item.maxLimitRequestRatio) {
            guard let bound = item.maxLimitRequestRatio[name] else { continue }
            guard let request = requests[name], request > Quantity() else {
                problems.append(
                    "\(name) max limit to request ratio per \(item.type) is \(bound), but no request is specified or request is 0"
                )
                continue
            }
            guard let limit = limits[name], limit > Quantity() else {
                problems.append(
                    "\(name) max limit to request ratio per \(item.type) is \(bound), but no limit is specified or limit is 0"
                )
                continue
            }
            let ratio = Double(limit.milliValue) / Double(request.milliValue)
            if ratio > Double(bound.milliValue) / 1_000 {
                problems.append(
                    "\(name) max limit to request ratio per \(item.type) is \(bound), but provided ratio is \(sixDecimals(ratio))"
                )
            }
        }
    }

    /// As Go's `%f` prints a number.
    private static func sixDecimals(_ number: Double) -> String {
        let micro = Int64(max(-9e12, min(9e12, (number * 1_000_000).rounded())))
        let fraction = String(1_000_000 + micro % 1_000_000).dropFirst()
        return "\(micro / 1_000_000).\(fraction)"
    }
}

extension ClusterContext {
    /// The limit ranges of a namespace, by name.
    func limitRanges(in namespace: String) -> [LimitRange] {
        guard store.limitRanges.count > 0 else { return [] }
        return store.limitRanges.sorted.map(\.object).filter { $0.metadata.namespace == namespace }
    }
}
