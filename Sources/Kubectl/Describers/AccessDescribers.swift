import KubernetesAPI

extension DescriptionWriter {
    fileprivate mutating func rules(_ rules: [PolicyRule]) {
        line(0, "PolicyRule:")
        line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs")
        line(1, "---------\t-----------------\t--------------\t-----")
        func bracketed(_ words: [String]) -> String { "[\(words.joined(separator: " "))]" }
        for rule in rules {
            if rule.resources.isEmpty {
                line(
                    1,
                    "\t\(bracketed(rule.nonResourceURLs))\t\(bracketed(rule.resourceNames))\t\(bracketed(rule.verbs))")
            }
            for group in rule.apiGroups.isEmpty ? [""] : rule.apiGroups {
                for resource in rule.resources {
                    let name = group.isEmpty ? resource : "\(resource).\(group)"
                    line(
                        1,
                        "\(name)\t\(bracketed(rule.nonResourceURLs))\t\(bracketed(rule.resourceNames))\t\(bracketed(rule.verbs))"
                    )
                }
            }
        }
    }

    fileprivate mutating func binding(_ metadata: ObjectMeta, _ role: RoleRef, _ subjects: [Subject]) {
        field("Name", metadata.name)
        labels("Labels", metadata.labels)
        annotations("Annotations", metadata.annotations)
        line(0, "Role:")
        field("Kind", role.kind, level: 1)
        field("Name", role.name, level: 1)
        line(0, "Subjects:")
        line(1, "Kind\tName\tNamespace")
        line(1, "----\t----\t---------")
        for subject in subjects { line(1, "\(subject.kind)\t\(subject.name)\t\(subject.namespace)") }
    }
}

enum RoleDescriber: Describer {
    static func describe(_ role: Role, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint) {
        writer.header(role.metadata, namespaced: false)
        writer.rules(role.rules)
    }
}

enum ClusterRoleDescriber: Describer {
    static func describe(
        _ role: ClusterRole, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.header(role.metadata, namespaced: false)
        writer.rules(role.rules)
    }
}

enum RoleBindingDescriber: Describer {
    static func describe(
        _ binding: RoleBinding, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.binding(binding.metadata, binding.roleRef, binding.subjects)
    }
}

enum ClusterRoleBindingDescriber: Describer {
    static func describe(
        _ binding: ClusterRoleBinding, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.binding(binding.metadata, binding.roleRef, binding.subjects)
    }
}
