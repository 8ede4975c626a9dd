import KubernetesAPI

/// Describes objects of one kind (`kubectl/pkg/describe`).
protocol Describer: Sendable {
    associatedtype Object: KubernetesObject

    /// Writes everything, the events included.
    static func describe(_ object: Object, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint)
}

/// Finds the describer of a kind.
enum Describers {
    private static let all: [any Describer.Type] = [
        PodDescriber.self, DeploymentDescriber.self, ReplicaSetDescriber.self, StatefulSetDescriber.self,
        DaemonSetDescriber.self,
        JobDescriber.self, CronJobDescriber.self, HorizontalPodAutoscalerDescriber.self, ServiceDescriber.self,
        EndpointsDescriber.self,
        EndpointSliceDescriber.self, IngressDescriber.self, ConfigMapDescriber.self, SecretDescriber.self,
        ServiceAccountDescriber.self,
        PersistentVolumeClaimDescriber.self, NodeDescriber.self, NamespaceDescriber.self, ResourceQuotaDescriber.self,
        LimitRangeDescriber.self, PodDisruptionBudgetDescriber.self, PriorityClassDescriber.self, RoleDescriber.self,
        ClusterRoleDescriber.self, RoleBindingDescriber.self, ClusterRoleBindingDescriber.self,
    ]

    /// The description of one object.
    static func describe(_ fetched: FetchedObject, on endpoint: inout some SimulatedEndpoint) -> String {
        var writer = DescriptionWriter(now: endpoint.wallTime)
        for describer in all where matches(describer, fetched.kind.resource) {
            if describe(describer, fetched, &writer, on: &endpoint) { return writer.aligned }
        }
        GenericDescriber.describe(fetched, &writer, on: &endpoint)
        return writer.aligned
    }

    private static func matches<Chosen: Describer>(_ describer: Chosen.Type, _ resource: ResourceType) -> Bool {
        Chosen.Object.resource == resource
    }

    private static func describe<Chosen: Describer>(
        _ describer: Chosen.Type, _ fetched: FetchedObject, _ writer: inout DescriptionWriter,
        on endpoint: inout some SimulatedEndpoint
    ) -> Bool {
        guard let object = fetched.decoded(Chosen.Object.self) else { return false }
        Chosen.describe(object, &writer, on: &endpoint)
        return true
    }
}

extension SimulatedEndpoint {
    /// All objects of a type that selectors match; none if the server refuses.
    mutating func list<Object: KubernetesObject>(
        _ type: Object.Type, namespace: String = "", labelSelector: String = "", fieldSelector: String = ""
    ) -> [Object] {
        let request = APIRequest(
            .list, Object.resource, namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector)
        guard case .list(let items) = respond(to: request).body else { return [] }
        return items.compactMap { try? Object.decode(json: $0).object }
    }

    /// One object; nil if it is not there.
    mutating func get<Object: KubernetesObject>(_ type: Object.Type, namespace: String = "", name: String) -> Object? {
        guard
            case .object(let value) = respond(to: APIRequest(.get, Object.resource, namespace: namespace, name: name))
                .body
        else { return nil }
        return try? Object.decode(json: value).object
    }

    /// The events about an object, oldest first.
    mutating func events<Object: KubernetesObject>(about object: Object) -> [Event] {
        events(kind: Object.resource.kind, object.metadata)
    }

    mutating func events(kind: String, _ metadata: ObjectMeta) -> [Event] {
        var fields =
            "involvedObject.kind=\(kind),involvedObject.name=\(metadata.name),involvedObject.namespace=\(metadata.namespace)"
        if !metadata.uid.isEmpty { fields += ",involvedObject.uid=\(metadata.uid)" }
        return Event.byTime(list(Event.self, namespace: metadata.namespace, fieldSelector: fields))
    }

    /// `2 Running / 0 Waiting / 0 Succeeded / 0 Failed` of the pods that a controller owns.
    mutating func podStatuses(ownedBy metadata: ObjectMeta, selector: LabelSelector?) -> String {
        let pods = list(Pod.self, namespace: metadata.namespace, labelSelector: LabelQuery(selector).description)
            .filter { pod in pod.metadata.ownerReferences.contains { $0.controller == true && $0.uid == metadata.uid } }
        func count(_ phase: String) -> Int { pods.filter { $0.status.phase == phase }.count }
        return
            "\(count("Running")) Running / \(count("Pending")) Waiting / \(count("Succeeded")) Succeeded / \(count("Failed")) Failed"
    }
}
