import KubernetesAPI

extension TableDefinition {
    static var policyTables: [TableDefinition] { [disruptionBudgets, priorityClasses, leases] }

    private static let disruptionBudgets = TableDefinition(
        PodDisruptionBudget.self,
        [
            .name,
            .init("Min Available") { budget, _ in budget.spec.minAvailable?.text ?? "N/A" },
            .init("Max Unavailable") { budget, _ in budget.spec.maxUnavailable?.text ?? "N/A" },
            .init(integer: "Allowed Disruptions") { Int64($0.status.disruptionsAllowed) },
            .age,
        ])

    private static let priorityClasses = TableDefinition(
        PriorityClass.self,
        [
            .name,
            .init(integer: "Value") { Int64($0.value ?? 0) },
            .init(boolean: "Global-Default") { $0.globalDefault ?? false },
            .age,
            .init("PreemptionPolicy") { priority, _ in priority.preemptionPolicy ?? "" },
        ])

    private static let leases = TableDefinition(
        Lease.self, [.name, .init("Holder") { lease, _ in lease.spec.holderIdentity ?? "" }, .age])
}

extension IntOrString {
    /// `2` or `25%`
    var text: String {
        switch self {
        case .int(let number): "\(number)"
        case .string(let text): text
        }
    }
}
