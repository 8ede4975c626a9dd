import KubernetesAPI

/// The hash of a pod template by which controllers know its revision.
///
/// The real one hashes Go's print of the template; ours hashes the protobuf encoding, so the letters differ from a
/// real cluster's while everything that follows from equality holds.
enum TemplateHash {
    static func text(of template: PodTemplateSpec, collisionCount: Int32? = nil) -> String {
        var template = template
        template.metadata.labels["pod-template-hash"] = nil
        return PodTemplateHash.hash(template: template.protobufBytes, collisionCount: collisionCount)
    }
}
