/// Fields that the lab keeps and gives back, but does not act on.
public enum InertFields {
    /// The fields of an object that have no effect here, such as `spec.template.spec.hostAliases`, in the order of the
    /// object. Of a field that has none as a whole, what lies below is not listed.
    public static func paths(in object: JSONValue, kind: KindRow) -> [String] {
        var paths: [String] = []
        visit(object, kind.schema, "", &paths)
        return paths
    }

    /// Whether a field of a message has no effect.
    /// - Parameter message: the Go name of the message that declares the field.
    public static func contains(_ field: String, of message: String) -> Bool {
        table[message]?.contains(field) ?? false
    }

    /// Every message and field of the table.
    static var all: [(message: String, field: String)] {
        table.sorted { $0.key < $1.key }.flatMap { row in row.value.sorted().map { (row.key, $0) } }
    }

    private static func visit(_ value: JSONValue, _ schema: MessageSchema, _ path: String, _ paths: inout [String]) {
        guard case .object(let members) = value else { return }
        for (name, member) in members where member != .null {
            let place = path.isEmpty ? name : path + "." + name
            guard let (owner, field) = declaration(of: name, in: schema) else { continue }
            if contains(name, of: owner.name) {
                paths.append(place)
                continue
            }
            guard let inner = field.type.message else { continue }
            switch member {
            case .array(let elements):
                for (index, element) in elements.enumerated() { visit(element, inner, "\(place)[\(index)]", &paths) }
            case .object(let entries) where field.cardinality == .map:
                for (key, entry) in entries { visit(entry, inner, "\(place).\(key)", &paths) }
            default: visit(member, inner, place, &paths)
            }
        }
    }

    /// The message that declares a member: the schema's own, or one that is inlined in it.
    private static func declaration(of name: String, in schema: MessageSchema) -> (MessageSchema, FieldSchema)? {
        for field in schema.fields {
            if field.inline, let inner = field.type.message {
                if let found = declaration(of: name, in: inner) { return found }
            } else if field.name == name {
                return (schema, field)
            }
        }
        return nil
    }

    private static let table: [String: Set<String>] = {
        var table: [String: Set<String>] = [:]
        for line in source.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if let message = words.first { table[message] = Set(words.dropFirst()) }
        }
        return table
    }()

    /// A message and its fields without effect. Whoever makes the lab act on a field takes it out of here.
    private static let source = """
        PodSpec automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostPID hostUsers hostname hostnameOverride imagePullSecrets os resourceClaims runtimeClassName schedulingGroup securityContext setHostnameAsFQDN shareProcessNamespace subdomain
        Container securityContext stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir
        EphemeralContainerCommon securityContext stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir
        ContainerPort hostIP
        HTTPGetAction host httpHeaders
        TCPSocketAction host
        Lifecycle stopSignal
        EmptyDirVolumeSource medium sizeLimit
        ConfigMapVolumeSource defaultMode items
        SecretVolumeSource defaultMode items
        VolumeSource awsElasticBlockStore azureDisk azureFile cephfs cinder csi downwardAPI ephemeral fc flexVolume flocker gcePersistentDisk gitRepo glusterfs hostPath image iscsi nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume
        PodAffinityTerm mismatchLabelKeys
        PersistentVolumeClaimSpec dataSource dataSourceRef selector volumeAttributesClassName volumeMode volumeName
        ServiceSpec externalIPs externalName externalTrafficPolicy healthCheckNodePort internalTrafficPolicy ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP loadBalancerSourceRanges sessionAffinity sessionAffinityConfig trafficDistribution
        ServicePort appProtocol
        JobSpec managedBy
        NodeSpec configSource externalID podCIDR podCIDRs providerID
        Ingress spec
        Role rules
        ClusterRole aggregationRule rules
        RoleBinding roleRef subjects
        ClusterRoleBinding roleRef subjects
        ServiceAccount automountServiceAccountToken imagePullSecrets secrets
        """
}
