import KubernetesAPI

/// The parts of an object that different writers own: users the spec, controllers the status, the API server the
/// system's metadata.
extension KubernetesObject {
    /// Drops what a creation must not set.
    mutating func clearSystemMetadata() {
        metadata.uid = ""
        metadata.resourceVersion = ""
        metadata.generation = 0
        metadata.creationTimestamp = nil
        metadata.deletionTimestamp = nil
        metadata.deletionGracePeriodSeconds = nil
        metadata.selfLink = ""
    }

    /// Takes over what an update must not change.
    mutating func keepSystemMetadata(of old: Self) {
        metadata.name = old.metadata.name
        metadata.generateName = old.metadata.generateName
        metadata.namespace = old.metadata.namespace
        metadata.uid = old.metadata.uid
        metadata.resourceVersion = old.metadata.resourceVersion
        metadata.generation = old.metadata.generation
        metadata.creationTimestamp = old.metadata.creationTimestamp
        metadata.deletionTimestamp = old.metadata.deletionTimestamp
        metadata.deletionGracePeriodSeconds = old.metadata.deletionGracePeriodSeconds
        metadata.managedFields = old.metadata.managedFields
        apiVersion = nil
        kind = nil
    }

    /// The place of `status` among the schema's fields; nil for kinds without one.
    private static var statusField: Int? { schema.fields.firstIndex { $0.name == "status" } }

    mutating func clearStatus() { copyFields(from: Self()) { $0 == "status" } }
    mutating func keepStatus(of old: Self) { copyFields(from: old) { $0 == "status" } }

    mutating func keepAllButStatus(of old: Self) {
        let resourceVersion = old.metadata
        copyFields(from: old) { $0 != "status" }
        metadata = resourceVersion
    }

    /// Whether everything but metadata and status is equal: then an update does not count the generation up.
    func hasSameSpec(as other: Self) -> Bool {
        var left = self
        var right = other
        left.metadata = ObjectMeta()
        right.metadata = ObjectMeta()
        left.clearStatus()
        right.clearStatus()
        return left == right
    }

    /// Replaces some fields by those of another object, by way of their encodings.
    private mutating func copyFields(from other: Self, where chosen: (String) -> Bool) {
        let names = Set(Self.schema.fields.map(\.name).filter(chosen))
        guard !names.isEmpty, case .object(var members) = jsonValue, case .object(let others) = other.jsonValue else {
            return
        }
        for name in names { members[name] = others[name] }
        if let (object, _) = try? Self.decode(json: .object(members)) {
            let (version, kindName) = (apiVersion, kind)
            self = object
            (apiVersion, kind) = (version, kindName)
        }
    }
}
