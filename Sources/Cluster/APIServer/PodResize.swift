import KubernetesAPI

/// The subresource `resize`: new resources for running containers (`pkg/apis/core/validation`, `ValidatePodResize`).
extension ClusterContext {
    /// Keeps all of the old pod but the containers' resources and resize policies, and checks these.
    /// - Throws: 422 Invalid in the API server's words.
    func admitResize<Object: StoredObject>(_ object: Object, replacing old: Object) throws(APIStatus) -> Object {
        guard let wanted = object as? Pod, let before = old as? Pod else { return object }
        var pod = before
        let errors = pod.applyResize(of: wanted)
        if let status = errors.status(Pod.resource, name: before.metadata.name) { throw status }
        return pod as? Object ?? object
    }
}

extension Pod {
    /// Takes over another pod's resources, as far as a resize may change them.
    /// - Returns: what may not change.
    mutating func applyResize(of wanted: Pod) -> FieldErrors {
        var errors = FieldErrors()
        let spec = FieldPath("spec")
        if status.phase == "Succeeded" || status.phase == "Failed" {
            errors.forbidden(spec, "pod in terminal phase may not be resized")
        }
        let before = self
        func merge(_ mine: inout [Container], _ theirs: [Container], _ path: FieldPath, onlySidecars: Bool) {
            guard mine.count == theirs.count, zip(mine, theirs).allSatisfy({ $0.name == $1.name }) else {
                errors.forbidden(spec, "only cpu and memory resources are mutable")
                return
            }
            for index in mine.indices {
                let place = path.index(index).child("resources")
                let (old, new) = (
                    mine[index].resources ?? ResourceRequirements(), theirs[index].resources ?? ResourceRequirements()
                )
                guard old != new else { continue }
                if onlySidecars, mine[index].restartPolicy != "Always" {
                    errors.forbidden(place, "resources for non-sidecar init containers are immutable")
                }
                for (kind, was, now) in [("limits", old.limits, new.limits), ("requests", old.requests, new.requests)] {
                    let noun = kind == "limits" ? "limits" : "requests"
                    let names = Set(was.keys).union(now.keys).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
                    if names.contains(where: { ($0 == "cpu" || $0 == "memory") && was[$0] != nil && now[$0] == nil }) {
                        errors.forbidden(place.child(kind), "resource \(noun) cannot be removed")
                    }
                    if names.contains(where: { $0 != "cpu" && $0 != "memory" && was[$0] != now[$0] }) {
                        errors.forbidden(spec, "only cpu and memory resources are mutable")
                    }
                }
                if let request = new.requests["memory"] ?? nil, let limit = new.limits["memory"], request > limit {
                    errors.invalid(
                        place.child("requests"), request.description,
                        "must be less than or equal to memory limit of \(limit)")
                }
                if let request = new.requests["cpu"] ?? nil, let limit = new.limits["cpu"], request > limit {
                    errors.invalid(
                        place.child("requests"), request.description,
                        "must be less than or equal to cpu limit of \(limit)")
                }
                mine[index].resources = new
                if !theirs[index].resizePolicy.isEmpty { mine[index].resizePolicy = theirs[index].resizePolicy }
            }
        }
        merge(&self.spec.containers, wanted.spec.containers, spec.child("containers"), onlySidecars: false)
        merge(&self.spec.initContainers, wanted.spec.initContainers, spec.child("initContainers"), onlySidecars: true)
        let (was, now) = (QualityOfService(of: before), QualityOfService(of: self))
        if was != now {
            errors.invalid(spec, now.rawValue, "Pod QOS Class may not change as a result of resizing")
        }
        return errors
    }
}
