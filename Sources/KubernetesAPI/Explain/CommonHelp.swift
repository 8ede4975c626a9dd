extension HelpTexts {
    static let commonTexts = """
        *.apiVersion: The group and version of the kind, such as apps/v1.
        *.kind: The kind, written as the API has it: Deployment, not deployment.
        *.metadata: Name, namespace, labels, annotations and what the API server notes down.
        *.spec: What is wished.
        *.status: What is, written by the system.
        ObjectMeta: What every object has.
        ObjectMeta.annotations: Texts that tools attach to the object. They cannot be selected by.
        ObjectMeta.creationTimestamp: When the object was made. Set by the API server.
        ObjectMeta.deletionGracePeriodSeconds: Seconds the object has to end. Set by the API server.
        ObjectMeta.deletionTimestamp: When the object is to be gone; set when its deletion was asked for.
        ObjectMeta.finalizers: Names of what must be done before the object goes. It stays until the list is empty.
        ObjectMeta.generateName: A beginning of the name to which the API server adds five characters, for kubectl create.
        ObjectMeta.generation: Counts the changes of spec.
        ObjectMeta.labels: Short key and value pairs by which objects are selected and grouped.
        ObjectMeta.managedFields: Who has set which field. For server-side apply.
        ObjectMeta.name: The name, unique for the kind in its namespace. Cannot be changed.
        ObjectMeta.namespace: The namespace. Default: that of the context, usually default.
        ObjectMeta.ownerReferences: The objects that this one belongs to: when they are gone, it is deleted.
        ObjectMeta.resourceVersion: Changes with every write; an update with an old one is refused.
        ObjectMeta.uid: Tells the object from others that had its name.
        LabelSelector: Which objects are meant, by their labels. All requirements must hold; an empty selector means all.
        LabelSelector.matchExpressions: Requirements with an operator.
        LabelSelector.matchLabels: Labels that must be there with these values.
        LabelSelectorRequirement.key: The label's key.
        LabelSelectorRequirement.operator: In, NotIn, Exists or DoesNotExist.
        LabelSelectorRequirement.values: The values, for In and NotIn.
        Service: A name and an address that stay, and lead to the ready pods that match a selector.
        Service.spec: Which pods, which ports, and who can reach them.
        ServiceSpec: How pods are reached.
        ServiceSpec.allocateLoadBalancerNodePorts: Whether a load balancer's service gets node ports. Default: true.
        ServiceSpec.clusterIP: The address inside the cluster. Usually left to the API server. None makes the service headless: its name leads to the pods' addresses. Cannot be changed.
        ServiceSpec.clusterIPs: The same, for two address families.
        ServiceSpec.externalIPs: Addresses of nodes that lead here too.
        ServiceSpec.externalName: For type ExternalName: the host name that the service's name stands for.
        ServiceSpec.externalTrafficPolicy: Local keeps traffic from outside on the node it came to, and the client's address. Default: Cluster.
        ServiceSpec.internalTrafficPolicy: Local sends traffic from pods only to pods of the same node. Default: Cluster.
        ServiceSpec.ports: The ports of the service. Give them names if there are several.
        ServiceSpec.publishNotReadyAddresses: Send to pods that are not ready too. Default: false.
        ServiceSpec.selector: Labels of the pods. Without one, nothing is sent anywhere until someone makes EndpointSlices.
        ServiceSpec.sessionAffinity: ClientIP keeps a client with one pod. Default: None.
        ServiceSpec.sessionAffinityConfig: How long that lasts. Default: 10800 seconds.
        ServiceSpec.trafficDistribution: A preference for near pods, such as PreferSameZone.
        ServiceSpec.type: Who can reach it: ClusterIP the cluster, NodePort also a port of every node, LoadBalancer also an address outside. Default: ClusterIP.
        ServicePort.appProtocol: What the pods speak, for tools.
        ServicePort.name: The port's name.
        ServicePort.nodePort: The port of every node, 30000 to 32767, for NodePort and LoadBalancer. Usually left to the API server.
        ServicePort.port: The port of the service.
        ServicePort.protocol: TCP, UDP or SCTP. Default: TCP.
        ServicePort.targetPort: The port of the pods, by number or name. Default: port.
        ConfigMap: Settings as texts, for pods to mount or to take as environment variables.
        ConfigMap.data: The texts by key. Values must be strings.
        ConfigMap.binaryData: Values that are not UTF-8, in base64.
        *.immutable: Forbid changes of the data. Cannot be taken back. Default: false.
        Secret: Like a ConfigMap, for what others should not see. Base64 is not encryption.
        Secret.data: The values by key, in base64.
        Secret.stringData: Values as plain text; the API server moves them to data.
        Secret.type: What the secret is for. Default: Opaque.
        Namespace: A part of the cluster with names of its own.
        Event: A note about something that happened to an object. Kept for an hour.
        Event.involvedObject: The object it is about.
        Event.reason: A word for it.
        Event.message: A text for people.
        Event.type: Normal or Warning.
        Event.count: How often it happened.
        Endpoints: The old form of EndpointSlice.
        EndpointSlice: Addresses of a service's pods. Made by the cluster.
        Ingress: Rules that lead HTTP requests by host and path to services.
        LimitRange: Defaults and bounds of the resources of single pods and containers in a namespace.
        LimitRangeItem.default: The limit of containers that give none.
        LimitRangeItem.defaultRequest: The request of containers that give none. Default: default.
        LimitRangeItem.max: The most that may be asked for.
        LimitRangeItem.min: The least that may be asked for.
        ResourceQuota: Bounds of what all objects of a namespace together may ask for.
        ResourceQuotaSpec.hard: The bound for each resource, such as pods, requests.cpu or count/deployments.apps.
        Lease: Who holds something, and until when.
        ServiceAccount: An account for programs in pods.
        PersistentVolumeClaim: A wish for storage.
        PersistentVolumeClaimSpec.accessModes: Who may mount it at the same time: ReadWriteOnce one node, ReadOnlyMany and ReadWriteMany several, ReadWriteOncePod one pod.
        PersistentVolumeClaimSpec.storageClassName: The kind of storage. Default: the cluster's default class.
        Role: Rights inside a namespace.
        ClusterRole: Rights in the whole cluster, or for binding in namespaces.
        RoleBinding: Who has a role in a namespace.
        ClusterRoleBinding: Who has a cluster role everywhere.
        """
}
