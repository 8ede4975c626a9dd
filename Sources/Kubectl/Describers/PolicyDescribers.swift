import KubernetesAPI

enum NamespaceDescriber: Describer {
    static func describe(
        _ namespace: Namespace, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.header(namespace.metadata, namespaced: false)
        writer.field("Status", namespace.status.phase)
        if !namespace.status.conditions.isEmpty {
            writer.line(0, "Conditions:")
            writer.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage")
            writer.line(1, "----\t------\t------------------\t------\t-------")
            for condition in namespace.status.conditions {
                let time = condition.lastTransitionTime.longText
                writer.line(
                    1, "\(condition.type)\t\(condition.status)\t\(time)\t\(condition.reason)\t\(condition.message)")
            }
        }
        let quotas = endpoint.list(ResourceQuota.self, namespace: namespace.metadata.name)
        writer.line(0, "")
        if quotas.isEmpty {
            writer.line(0, "No resource quota.")
        } else {
            writer.line(0, "Resource Quotas")
            for quota in quotas {
                writer.field("Name", quota.metadata.name, level: 1)
                writer.line(1, "Resource\tUsed\tHard")
                writer.line(1, "--------\t---\t---")
                for row in quota.rows { writer.line(1, row) }
            }
        }
        let ranges = endpoint.list(LimitRange.self, namespace: namespace.metadata.name)
        writer.line(0, "")
        if ranges.isEmpty {
            writer.line(0, "No LimitRange resource.")
        } else {
            writer.line(0, "Resource Limits")
            for line in LimitRangeDescriber.headings { writer.append(" \(line)\n") }
            for range in ranges { for row in range.rows { writer.append(" \(row)\n") } }
        }
    }
}

enum ResourceQuotaDescriber: Describer {
    static func describe(
        _ quota: ResourceQuota, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.header(quota.metadata, labels: false)
        if !quota.spec.scopes.isEmpty { writer.field("Scopes", quota.spec.scopes.joined(separator: ", ")) }
        writer.line(0, "Resource\tUsed\tHard")
        writer.line(0, "--------\t----\t----")
        for row in quota.rows { writer.line(0, row) }
    }
}

extension ResourceQuota {
    /// Name, used and hard, between tabs.
    fileprivate var rows: [String] {
        status.hard.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .map { "\($0)\t\(status.used[$0] ?? Quantity(0))\t\(status.hard[$0] ?? Quantity(0))" }
    }
}

enum LimitRangeDescriber: Describer {
    fileprivate static let headings = [
        "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio",
        "----\t--------\t---\t---\t---------------\t-------------\t-----------------------",
    ]

    static func describe(
        _ range: LimitRange, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.header(range.metadata, labels: false)
        for line in headings { writer.line(0, line) }
        for row in range.rows { writer.line(0, row) }
    }
}

extension LimitRange {
    fileprivate var rows: [String] {
        spec.limits.flatMap { item in
            let columns = [item.min, item.max, item.defaultRequest, item.default, item.maxLimitRequestRatio]
            let names = Set(columns.flatMap(\.keys)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            return names.map { name in
                ([item.type, name] + columns.map { $0[name]?.description ?? "-" }).joined(separator: "\t")
            }
        }
    }
}

enum PodDisruptionBudgetDescriber: Describer {
    static func describe(
        _ budget: PodDisruptionBudget, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.header(budget.metadata, labels: false)
        if let minimum = budget.spec.minAvailable {
            writer.field("Min available", minimum.text)
        } else if let maximum = budget.spec.maxUnavailable {
            writer.field("Max unavailable", maximum.text)
        }
        writer.field("Selector", budget.spec.selector.map { LabelQuery($0).description } ?? "<unset>")
        writer.line(0, "Status:")
        writer.field("Allowed disruptions", "\(budget.status.disruptionsAllowed)", level: 2)
        writer.field("Current", "\(budget.status.currentHealthy)", level: 2)
        writer.field("Desired", "\(budget.status.desiredHealthy)", level: 2)
        writer.field("Total", "\(budget.status.expectedPods)", level: 2)
        writer.events(endpoint.events(about: budget))
    }
}

enum PriorityClassDescriber: Describer {
    static func describe(
        _ priority: PriorityClass, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.field("Name", priority.metadata.name)
        writer.field("Value", "\(priority.value ?? 0)")
        writer.field("GlobalDefault", "\(priority.globalDefault ?? false)")
        writer.field("PreemptionPolicy", priority.preemptionPolicy ?? "")
        writer.field("Description", priority.description)
        writer.annotations("Annotations", priority.metadata.annotations)
        writer.events(endpoint.events(about: priority))
    }
}
