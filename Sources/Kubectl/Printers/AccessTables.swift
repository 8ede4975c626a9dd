import KubernetesAPI

extension TableDefinition {
    static var accessTables: [TableDefinition] {
        [
            TableDefinition(Role.self, [.name, .createdAt]), TableDefinition(ClusterRole.self, [.name, .createdAt]),
            binding(RoleBinding.self, \.roleRef, \.subjects), binding(ClusterRoleBinding.self, \.roleRef, \.subjects),
        ]
    }

    private static func binding<Object: KubernetesObject>(
        _ type: Object.Type, _ role: KeyPath<Object, RoleRef> & Sendable,
        _ subjects: KeyPath<Object, [Subject]> & Sendable
    ) -> TableDefinition {
        @Sendable func names(_ object: Object, _ kind: String) -> String {
            object[keyPath: subjects].filter { $0.kind == kind }
                .map { kind == "ServiceAccount" ? "\($0.namespace)/\($0.name)" : $0.name }.joined(separator: ", ")
        }
        return TableDefinition(
            type,
            [
                .name,
                .init("Role") { object, _ in "\(object[keyPath: role].kind)/\(object[keyPath: role].name)" },
                .age,
                .init("Users", priority: 1) { object, _ in names(object, "User") },
                .init("Groups", priority: 1) { object, _ in names(object, "Group") },
                .init("ServiceAccounts", priority: 1) { object, _ in names(object, "ServiceAccount") },
            ])
    }
}
