import KubernetesAPI

/// Whether rules reach as far as others, and what is missing (`k8s.io/component-helpers/auth/rbac/validation`).
enum RuleCover {
    /// Every combination of one verb, one group, one resource and one name, or of one verb and one path.
    static func broken(_ rule: PolicyRule) -> [PolicyRule] {
        var parts: [PolicyRule] = []
        for verb in rule.verbs {
            for url in rule.nonResourceURLs {
                var part = PolicyRule()
                part.verbs = [verb]
                part.nonResourceURLs = [url]
                parts.append(part)
            }
        }
        for group in rule.apiGroups {
            for resource in rule.resources {
                for verb in rule.verbs {
                    for name in rule.resourceNames.isEmpty ? [nil] : rule.resourceNames.map(Optional.some) {
                        var part = PolicyRule()
                        part.verbs = [verb]
                        part.apiGroups = [group]
                        part.resources = [resource]
                        part.resourceNames = name.map { [$0] } ?? []
                        parts.append(part)
                    }
                }
            }
        }
        return parts
    }

    /// What of the wanted rules the owner's do not reach, broken up.
    static func missing(_ wanted: [PolicyRule], from owned: [PolicyRule]) -> [PolicyRule] {
        wanted.flatMap(broken).filter { part in !owned.contains { covers($0, part) } }
    }

    private static func covers(_ owner: PolicyRule, _ part: PolicyRule) -> Bool {
        func has(_ list: [String], _ wanted: [String]) -> Bool {
            list.contains("*") || wanted.allSatisfy(list.contains)
        }
        guard has(owner.verbs, part.verbs) else { return false }
        guard part.nonResourceURLs.isEmpty else {
            return part.nonResourceURLs.allSatisfy { url in
                owner.nonResourceURLs.contains { own in
                    own == url || (own.hasSuffix("*") && url.hasPrefix(own.dropLast()))
                }
            }
        }
        let hasResource = part.resources.allSatisfy { wanted in
            owner.resources.contains { own in
                if own == "*" || own == wanted { return true }
                guard own.hasPrefix("*/"), let slash = wanted.firstIndex(of: "/") else { return false }
                return own.dropFirst(2) == wanted[wanted.index(after: slash)...]
            }
        }
        let hasName =
            owner.resourceNames.isEmpty
            || (!part.resourceNames.isEmpty && part.resourceNames.allSatisfy(owner.resourceNames.contains))
        return has(owner.apiGroups, part.apiGroups) && hasResource && hasName
    }

    /// Rules of one resource each put together where only their verbs differ.
    static func compacted(_ rules: [PolicyRule]) -> [PolicyRule] {
        var result: [PolicyRule] = []
        for rule in rules {
            let isSimple =
                rule.apiGroups.count == 1 && rule.resources.count == 1 && rule.resourceNames.count <= 1
                && rule.nonResourceURLs.isEmpty
            if isSimple,
                let place = result.firstIndex(where: {
                    $0.apiGroups == rule.apiGroups && $0.resources == rule.resources
                        && $0.resourceNames == rule.resourceNames && $0.nonResourceURLs.isEmpty
                })
            {
                for verb in rule.verbs where !result[place].verbs.contains(verb) { result[place].verbs.append(verb) }
            } else {
                result.append(rule)
            }
        }
        return result
    }

    /// `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`
    static func description(_ rule: PolicyRule) -> String {
        var parts: [String] = []
        func add(_ label: String, _ words: [String]) {
            if !words.isEmpty { parts.append("\(label):[\(words.map(GoText.quoted).joined(separator: " "))]") }
        }
        add("APIGroups", rule.apiGroups)
        add("Resources", rule.resources)
        add("NonResourceURLs", rule.nonResourceURLs)
        add("ResourceNames", rule.resourceNames)
        add("Verbs", rule.verbs)
        return "{\(parts.joined(separator: ", "))}"
    }
}
