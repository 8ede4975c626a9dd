import KubernetesAPI

extension Node: StoredObject {
    public static var objectKind: ObjectKind { .node }
    public static var table: WritableKeyPath<APIStore, ObjectTable<Node>> & Sendable { \APIStore.nodes }
}

extension Namespace: StoredObject {
    public static var objectKind: ObjectKind { .namespace }
    public static var table: WritableKeyPath<APIStore, ObjectTable<Namespace>> & Sendable { \APIStore.namespaces }
}

extension Pod: StoredObject {
    public static var objectKind: ObjectKind { .pod }
    public static var table: WritableKeyPath<APIStore, ObjectTable<Pod>> & Sendable { \APIStore.pods }
}

extension Service: StoredObject {
    public static var objectKind: ObjectKind { .service }
    public static var table: WritableKeyPath<APIStore, ObjectTable<Service>> & Sendable { \APIStore.services }
}

extension Endpoints: StoredObject {
    public static var objectKind: ObjectKind { .endpoints }
    public static var table: WritableKeyPath<APIStore, ObjectTable<Endpoints>> & Sendable { \APIStore.endpoints }
}

extension ConfigMap: StoredObject {
    public static var objectKind: ObjectKind { .configMap }
    public static var table: WritableKeyPath<APIStore, ObjectTable<ConfigMap>> & Sendable { \APIStore.configMaps }
}

extension Secret: StoredObject {
    public static var objectKind: ObjectKind { .secret }
    public static var table: WritableKeyPath<APIStore, ObjectTable<Secret>> & Sendable { \APIStore.secrets }
}

extension ServiceAccount: StoredObject {
    public static var objectKind: ObjectKind { .serviceAccount }
    public static var table: WritableKeyPath<APIStore, ObjectTable<ServiceAccount>> & Sendable {
        \APIStore.serviceAccounts
    }
}

extension PersistentVolumeClaim: StoredObject {
    public static var objectKind: ObjectKind { .persistentVolumeClaim }
    public static var table: WritableKeyPath<APIStore, ObjectTable<PersistentVolumeClaim>> & Sendable {
        \APIStore.persistentVolumeClaims
    }
}

extension LimitRange: StoredObject {
    public static var objectKind: ObjectKind { .limitRange }
    public static var table: WritableKeyPath<APIStore, ObjectTable<LimitRange>> & Sendable { \APIStore.limitRanges }
}

extension ResourceQuota: StoredObject {
    public static var objectKind: ObjectKind { .resourceQuota }
    public static var table: WritableKeyPath<APIStore, ObjectTable<ResourceQuota>> & Sendable {
        \APIStore.resourceQuotas
    }
}

extension Deployment: StoredObject {
    public static var objectKind: ObjectKind { .deployment }
    public static var table: WritableKeyPath<APIStore, ObjectTable<Deployment>> & Sendable { \APIStore.deployments }
}

extension ReplicaSet: StoredObject {
    public static var objectKind: ObjectKind { .replicaSet }
    public static var table: WritableKeyPath<APIStore, ObjectTable<ReplicaSet>> & Sendable { \APIStore.replicaSets }
}

extension StatefulSet: StoredObject {
    public static var objectKind: ObjectKind { .statefulSet }
    public static var table: WritableKeyPath<APIStore, ObjectTable<StatefulSet>> & Sendable { \APIStore.statefulSets }
}

extension DaemonSet: StoredObject {
    public static var objectKind: ObjectKind { .daemonSet }
    public static var table: WritableKeyPath<APIStore, ObjectTable<DaemonSet>> & Sendable { \APIStore.daemonSets }
}

extension ControllerRevision: StoredObject {
    public static var objectKind: ObjectKind { .controllerRevision }
    public static var table: WritableKeyPath<APIStore, ObjectTable<ControllerRevision>> & Sendable {
        \APIStore.controllerRevisions
    }
}

extension Job: StoredObject {
    public static var objectKind: ObjectKind { .job }
    public static var table: WritableKeyPath<APIStore, ObjectTable<Job>> & Sendable { \APIStore.jobs }
}

extension CronJob: StoredObject {
    public static var objectKind: ObjectKind { .cronJob }
    public static var table: WritableKeyPath<APIStore, ObjectTable<CronJob>> & Sendable { \APIStore.cronJobs }
}

extension HorizontalPodAutoscaler: StoredObject {
    public static var objectKind: ObjectKind { .horizontalPodAutoscaler }
    public static var table: WritableKeyPath<APIStore, ObjectTable<HorizontalPodAutoscaler>> & Sendable {
        \APIStore.horizontalPodAutoscalers
    }
}

extension PodDisruptionBudget: StoredObject {
    public static var objectKind: ObjectKind { .podDisruptionBudget }
    public static var table: WritableKeyPath<APIStore, ObjectTable<PodDisruptionBudget>> & Sendable {
        \APIStore.podDisruptionBudgets
    }
}

extension PriorityClass: StoredObject {
    public static var objectKind: ObjectKind { .priorityClass }
    public static var table: WritableKeyPath<APIStore, ObjectTable<PriorityClass>> & Sendable {
        \APIStore.priorityClasses
    }
}

extension EndpointSlice: StoredObject {
    public static var objectKind: ObjectKind { .endpointSlice }
    public static var table: WritableKeyPath<APIStore, ObjectTable<EndpointSlice>> & Sendable {
        \APIStore.endpointSlices
    }
}

extension Lease: StoredObject {
    public static var objectKind: ObjectKind { .lease }
    public static var table: WritableKeyPath<APIStore, ObjectTable<Lease>> & Sendable { \APIStore.leases }
}

extension Ingress: StoredObject {
    public static var objectKind: ObjectKind { .ingress }
    public static var table: WritableKeyPath<APIStore, ObjectTable<Ingress>> & Sendable { \APIStore.ingresses }
}

extension Role: StoredObject {
    public static var objectKind: ObjectKind { .role }
    public static var table: WritableKeyPath<APIStore, ObjectTable<Role>> & Sendable { \APIStore.roles }
}

extension ClusterRole: StoredObject {
    public static var objectKind: ObjectKind { .clusterRole }
    public static var table: WritableKeyPath<APIStore, ObjectTable<ClusterRole>> & Sendable { \APIStore.clusterRoles }
}

extension RoleBinding: StoredObject {
    public static var objectKind: ObjectKind { .roleBinding }
    public static var table: WritableKeyPath<APIStore, ObjectTable<RoleBinding>> & Sendable { \APIStore.roleBindings }
}

extension ClusterRoleBinding: StoredObject {
    public static var objectKind: ObjectKind { .clusterRoleBinding }
    public static var table: WritableKeyPath<APIStore, ObjectTable<ClusterRoleBinding>> & Sendable {
        \APIStore.clusterRoleBindings
    }
}

extension ObjectKind {
    /// The Swift type of the kind's objects.
    var type: any StoredObject.Type {
        switch self {
        case .node: Node.self
        case .namespace: Namespace.self
        case .pod: Pod.self
        case .service: Service.self
        case .endpoints: Endpoints.self
        case .configMap: ConfigMap.self
        case .secret: Secret.self
        case .serviceAccount: ServiceAccount.self
        case .persistentVolumeClaim: PersistentVolumeClaim.self
        case .limitRange: LimitRange.self
        case .resourceQuota: ResourceQuota.self
        case .deployment: Deployment.self
        case .replicaSet: ReplicaSet.self
        case .statefulSet: StatefulSet.self
        case .daemonSet: DaemonSet.self
        case .controllerRevision: ControllerRevision.self
        case .job: Job.self
        case .cronJob: CronJob.self
        case .horizontalPodAutoscaler: HorizontalPodAutoscaler.self
        case .podDisruptionBudget: PodDisruptionBudget.self
        case .priorityClass: PriorityClass.self
        case .endpointSlice: EndpointSlice.self
        case .lease: Lease.self
        case .ingress: Ingress.self
        case .role: Role.self
        case .clusterRole: ClusterRole.self
        case .roleBinding: RoleBinding.self
        case .clusterRoleBinding: ClusterRoleBinding.self
        }
    }

    /// Kinds by the name that manifests and owner references use.
    static let byKindName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.type.resource.kind, $0) })

    /// The kind that a resource stands for; nil for kinds that are computed (metrics, events) or unknown.
    public init?(_ resource: ResourceType) {
        guard
            let kind = Self.allCases.first(where: {
                $0.type.resource.kind == resource.kind && $0.type.resource.group == resource.group
            })
        else { return nil }
        self = kind
    }
}
