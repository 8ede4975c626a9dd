import KubernetesAPI

/// The fields by which a kind's objects can be selected, as the API server knows them for each kind
/// (`pkg/apis/core/v1/conversion.go`, the kinds' `ToSelectableFields`).
enum FieldLabels {
    private static let event = [
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
        "reportingComponent", "source", "type",
    ]

    /// Fields beside `metadata.name` and `metadata.namespace`, by kind.
    private static let fields: [String: [String]] = [
        "Pod": [
            "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
            "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
        ],
        "Event": event, "Node": ["spec.unschedulable"], "Namespace": ["status.phase"], "Secret": ["type"],
        "Service": ["spec.clusterIP", "spec.type"], "Job": ["status.successful"], "ReplicaSet": ["status.replicas"],
    ]

    /// The server's word for a field by which a kind cannot be selected; nil if it can.
    static func problem(_ field: String, of resource: ResourceType) -> String? {
        if field == "metadata.name" || (field == "metadata.namespace" && resource.namespaced) { return nil }
        guard let known = fields[resource.kind] else {
            return "\"\(field)\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        }
        return known.contains(field) ? nil : "field label not supported: \(field)"
    }

    /// The text of a field.
    static func value(_ field: String, of object: any KubernetesObject) -> String? {
        switch field {
        case "metadata.name": return object.metadata.name
        case "metadata.namespace": return object.metadata.namespace
        default: break
        }
        return switch object {
        case let pod as Pod: value(field, of: pod)
        case let event as Event: value(field, of: event)
        case let node as Node where field == "spec.unschedulable": node.spec.unschedulable == true ? "true" : "false"
        case let namespace as Namespace where field == "status.phase": namespace.status.phase
        case let secret as Secret where field == "type": secret.type
        case let service as Service where field == "spec.clusterIP": service.spec.clusterIP
        case let service as Service where field == "spec.type": service.spec.type
        case let job as Job where field == "status.successful": "\(job.status.succeeded)"
        case let set as ReplicaSet where field == "status.replicas": "\(set.status.replicas)"
        default: nil
        }
    }

    private static func value(_ field: String, of pod: Pod) -> String? {
        switch field {
        case "spec.nodeName": pod.spec.nodeName
        case "spec.restartPolicy": pod.spec.restartPolicy
        case "spec.schedulerName": pod.spec.schedulerName
        case "spec.serviceAccountName": pod.spec.serviceAccountName
        case "spec.hostNetwork": pod.spec.hostNetwork == true ? "true" : "false"
        case "status.phase": pod.status.phase
        case "status.podIP", "status.podIPs": pod.status.podIP
        case "status.nominatedNodeName": pod.status.nominatedNodeName
        default: nil
        }
    }

    private static func value(_ field: String, of event: Event) -> String? {
        switch field {
        case "involvedObject.kind": event.involvedObject.kind
        case "involvedObject.namespace": event.involvedObject.namespace
        case "involvedObject.name": event.involvedObject.name
        case "involvedObject.uid": event.involvedObject.uid
        case "involvedObject.apiVersion": event.involvedObject.apiVersion
        case "involvedObject.resourceVersion": event.involvedObject.resourceVersion
        case "involvedObject.fieldPath": event.involvedObject.fieldPath
        case "reason": event.reason
        case "reportingComponent": event.reportingComponent
        case "source": event.source?.component
        case "type": event.type
        default: nil
        }
    }
}

/// Which objects of a kind a list or a watch asks for: namespace, name, labels and fields.
struct ObjectSelection: Sendable {
    private let namespace: String
    private let name: String
    private let labels: LabelQuery
    private let fields: FieldQuery

    /// - Throws: `BadRequest` for selectors that cannot be read, and for fields that the kind cannot be selected by.
    init(_ request: APIRequest) throws(APIStatus) {
        namespace = request.resource.namespaced ? request.namespace : ""
        name = request.name
        do {
            labels = try LabelQuery(parsing: request.labelSelector)
            fields = try FieldQuery(parsing: request.fieldSelector)
        } catch {
            throw .badRequest("\(error)")
        }
        for row in fields.requirements {
            if let problem = FieldLabels.problem(row.field, of: request.resource) { throw .badRequest(problem) }
        }
    }

    /// The same for an object of a kind without a type of its own, which is selected by name, namespace and labels.
    func matches(_ metadata: ObjectMeta) -> Bool {
        (namespace.isEmpty || metadata.namespace == namespace) && (name.isEmpty || metadata.name == name)
            && labels.matches(metadata.labels)
            && fields.matches {
                $0 == "metadata.name" ? metadata.name : $0 == "metadata.namespace" ? metadata.namespace : nil
            }
    }

    func matches(_ object: any KubernetesObject) -> Bool {
        (namespace.isEmpty || object.metadata.namespace == namespace) && (name.isEmpty || object.metadata.name == name)
            && labels.matches(object.metadata.labels) && fields.matches { FieldLabels.value($0, of: object) }
    }
}
