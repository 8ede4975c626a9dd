import Kubectl
import KubernetesAPI

/// An object that the cluster has otherwise than a file says: somebody changed it in place, with `kubectl edit`, `scale`,
/// `patch`, and the file knows nothing of it.
public struct Drift: Sendable {
    /// The file and the line at which the object's document begins.
    public var file: String
    public var line: Int
    /// `deployment.apps/web`
    public var label: String
    /// The changed fields, `.spec.replicas`; empty for an object that the cluster has not.
    public var fields: [String]
    /// Fields of them that an autoscaler sets, so that a file had better not name them.
    public var autoscaled: [String]
    public var isMissing: Bool
    /// Why the file's object could not be compared: the API server refuses it as it stands; empty otherwise.
    public var refusal = ""
}

/// A file compared with the cluster.
public struct FileDrift: Sendable {
    public var drifts: [Drift]
    /// The documents of the file as the cluster has them: what the file says, with what was changed in place. Fields that
    /// the cluster fills in by itself stay out.
    public var documents: [JSONValue]
}

extension World {
    /// What applying a file now would change back. Nothing happens to this world.
    /// - Throws: `ConfigurationError` for a file that cannot be applied.
    public func drift(of text: String, file: String) throws(ConfigurationError) -> FileDrift {
        var fresh = self
        let source = ManifestFile(name: file, bytes: Array(text.utf8))
        let (objects, errors) = AddedKinds.$current.withValue(cluster.customKinds) {
            source.objects(namespace: scenario.namespace)
        }
        if let error = errors.first {
            throw ConfigurationError(file: error.file, line: error.line, message: error.message)
        }
        var result = FileDrift(drifts: [], documents: [])
        for object in objects {
            let resource = object.kind.resource
            let label =
                "\(resource.group.isEmpty ? resource.singular : resource.singular + "." + resource.group)/\(object.name)"
            let reading = APIRequest(.get, resource, namespace: object.namespace, name: object.name)
            guard case .object(let live) = fresh.respond(to: reading).body else {
                result.drifts.append(
                    Drift(file: file, line: object.line, label: label, fields: [], autoscaled: [], isMissing: true))
                result.documents.append(object.value)
                continue
            }
            let meant: JSONValue
            switch meaning(of: object.value, resource, object.namespace, object.name) {
            case .success(let value): meant = value
            case .failure(let refusal):
                result.drifts.append(
                    Drift(
                        file: file, line: object.line, label: label, fields: [], autoscaled: [], isMissing: false,
                        refusal: refusal.message))
                result.documents.append(object.value)
                continue
            }
            let shape = object.kind.isCustom ? MergeShape.deduced : MergeShape(object.kind.schema)
            let (changed, removed) = FieldOwnership.changes(from: meant, to: live, shape: shape)
            let paths = (changed.union(removed)).texts
            let autoscaled = paths.filter {
                $0 == ".spec.replicas" && isScaled(object.name, object.namespace, resource.kind)
            }
            if !paths.isEmpty {
                result.drifts.append(
                    Drift(
                        file: file, line: object.line, label: label, fields: paths, autoscaled: autoscaled,
                        isMissing: false))
            }
            result.documents.append(
                TypedValue(object.value, shape).changed(
                    to: live, in: autoscaled.isEmpty ? changed : changed.withoutReplicas, removing: removed))
        }
        return result
    }

    /// What a document means with all defaults: the answer to its trial replacement, which keeps what the cluster has
    /// allocated (addresses, node ports). Where that is refused, because a field cannot be changed (pods, jobs), the
    /// answer to a trial creation under a name that nobody has.
    private func meaning(
        of value: JSONValue, _ resource: ResourceType, _ namespace: String, _ name: String
    ) -> Result<JSONValue, APIStatus> {
        var trial = self
        var requests = [
            APIRequest(.update, resource, namespace: namespace, name: name, body: value, dryRun: true),
            APIRequest(.create, resource, namespace: namespace, body: Self.renamed(value), dryRun: true),
        ]
        var refusal: APIStatus?
        for index in requests.indices {
            requests[index].fieldValidation = .ignore
            switch trial.respond(to: requests[index]).body {
            case .object(let meant): return .success(meant)
            case .failure(let status): refusal = refusal ?? status
            case .list, .text: break
            }
        }
        return .failure(refusal ?? .badRequest("a trial has no answer"))
    }

    private static func renamed(_ value: JSONValue) -> JSONValue {
        guard case .object(var members) = value, case .object(var metadata)? = members["metadata"] else { return value }
        metadata["name"] = .string((metadata["name"]?.string ?? "x").prefix(40) + "-as-the-file-says")
        members["metadata"] = .object(metadata)
        return .object(members)
    }

    private func isScaled(_ name: String, _ namespace: String, _ kind: String) -> Bool {
        cluster.context.store.horizontalPodAutoscalers.sorted.contains { _, autoscaler in
            autoscaler.metadata.namespace == namespace && autoscaler.spec.scaleTargetRef.name == name
                && autoscaler.spec.scaleTargetRef.kind == kind
        }
    }
}
