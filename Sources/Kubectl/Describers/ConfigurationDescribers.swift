import KubernetesAPI

enum ConfigMapDescriber: Describer {
    static func describe(_ map: ConfigMap, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint)
    {
        writer.header(map.metadata)
        writer.append("\nData\n====\n")
        for key in map.data.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            writer.append("\(key):\n----\n\(map.data[key] ?? "")\n\n")
        }
        writer.append("\nBinaryData\n====\n")
        for key in map.binaryData.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            writer.append("\(key): \(map.binaryData[key]?.content.count ?? 0) bytes\n")
        }
        writer.append("\n")
        writer.events(endpoint.events(about: map))
    }
}

enum SecretDescriber: Describer {
    static func describe(_ secret: Secret, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint)
    {
        writer.header(secret.metadata)
        writer.append("\nType:\t\(secret.type)\n\nData\n====\n")
        for key in secret.data.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            writer.field(key, "\(secret.data[key]?.content.count ?? 0) bytes")
        }
    }
}

enum ServiceAccountDescriber: Describer {
    static func describe(
        _ account: ServiceAccount, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.header(account.metadata)
        writer.multiline("Image pull secrets", account.imagePullSecrets.map(\.name))
        writer.multiline("Mountable secrets", account.secrets.map(\.name))
        writer.field("Tokens", "<none>")
        writer.events(endpoint.events(about: account))
    }
}

enum PersistentVolumeClaimDescriber: Describer {
    static func describe(
        _ claim: PersistentVolumeClaim, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.header(claim.metadata, labels: false)
        writer.field("StorageClass", claim.spec.storageClassName ?? "")
        writer.field(
            "Status",
            claim.metadata.deletionTimestamp.map { "Terminating (lasts \(writer.since($0)))" } ?? claim.status.phase)
        writer.field("Volume", claim.spec.volumeName)
        writer.labels("Labels", claim.metadata.labels)
        writer.annotations("Annotations", claim.metadata.annotations)
        writer.field("Finalizers", "[\(claim.metadata.finalizers.joined(separator: " "))]")
        let isBound = !claim.spec.volumeName.isEmpty
        writer.field("Capacity", isBound ? claim.status.capacity["storage"]?.description ?? "" : "")
        writer.field("Access Modes", isBound ? AccessMode.text(claim.status.accessModes) : "")
        if let mode = claim.spec.volumeMode { writer.field("VolumeMode", mode) }
        let users = endpoint.list(Pod.self, namespace: claim.metadata.namespace).filter { pod in
            pod.spec.volumes.contains { $0.volumeSource.persistentVolumeClaim?.claimName == claim.metadata.name }
        }
        writer.multiline("Used By", users.map(\.metadata.name))
        writer.events(endpoint.events(about: claim))
    }
}
