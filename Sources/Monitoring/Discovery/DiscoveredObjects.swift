import KubernetesAPI

/// What a cluster's API server shows to service discovery at one instant. The caller fills what its jobs look for.
public struct DiscoveredObjects: Sendable {
    public var pods: [Pod] = []
    public var services: [Service] = []
    public var endpoints: [Endpoints] = []
    public var endpointSlices: [EndpointSlice] = []
    public var nodes: [Node] = []
    public var ingresses: [Ingress] = []
    public var namespaces: [Namespace] = []

    public init() {}
}

/// Objects of one kind that a configuration looks at: of its namespaces, and of its selector if it has one.
struct ObjectSelection {
    private let namespaces: Set<String>
    private let labels: LabelQuery
    private let fields: FieldQuery?

    init(_ configuration: KubernetesDiscoveryConfiguration, role: KubernetesRole, ownNamespace: String) {
        var namespaces = Set(configuration.namespaces)
        if configuration.ownNamespace, !ownNamespace.isEmpty { namespaces.insert(ownNamespace) }
        self.namespaces = namespaces
        let selector = configuration.selectors.first { $0.role == role }
        // A selector that does not read, which the configuration's reader refuses, selects nothing.
        labels = selector.map { (try? LabelQuery(parsing: $0.label)) ?? .nothing } ?? .everything
        fields = selector.flatMap { try? FieldQuery(parsing: $0.field) }
    }

    /// The objects that are selected, by namespace and name.
    func select<Object: KubernetesObject>(
        _ objects: [Object], namespaced: Bool = true, field: (Object, String) -> String? = { _, _ in nil }
    ) -> [Object] {
        objects.filter { object in
            if namespaced, !namespaces.isEmpty, !namespaces.contains(object.metadata.namespace) { return false }
            guard labels.matches(object.metadata.labels) else { return false }
            return fields?.matches { name in
                switch name {
                case "metadata.name": object.metadata.name
                case "metadata.namespace": object.metadata.namespace
                default: field(object, name)
                }
            } ?? true
        }.sorted {
            ($0.metadata.namespace, $0.metadata.name) < ($1.metadata.namespace, $1.metadata.name)
        }
    }
}
