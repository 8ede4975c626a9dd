import KubernetesAPI
import Simulation

/// Cluster roles and their bindings as requests see them: the stored ones and those that a control plane begins with.
extension Cluster {
    /// Reads that the default roles belong to, and refusals to create them again; nil for everything else.
    func answerDefaultRoles(_ request: APIRequest) -> APIResponse? {
        guard request.resource == ClusterRole.resource || request.resource == ClusterRoleBinding.resource else {
            return nil
        }
        let authorizer = Authorizer(context.store)
        let start = context.wallTime(at: .zero)
        func shown<Object: KubernetesObject>(_ object: Object) -> Object {
            var object = object
            if object.metadata.creationTimestamp == nil { object.metadata.creationTimestamp = start }
            if var role = object as? ClusterRole, role.aggregationRule != nil {
                role.rules = authorizer.rules(of: role)
                if let filled = role as? Object { object = filled }
            }
            return object
        }
        let all: [any KubernetesObject] =
            request.resource == ClusterRole.resource
            ? authorizer.clusterRoles.map(shown) : authorizer.clusterRoleBindings.map(shown)
        switch request.verb {
        case .get:
            return all.first { $0.metadata.name == request.name }.map {
                APIResponse(code: 200, body: .object($0.jsonValue))
            }
        case .list:
            let selection: ObjectSelection
            do { selection = try ObjectSelection(request) } catch { return APIResponse(error) }
            let found = all.filter { selection.matches($0) }
                .sorted { $0.metadata.name.utf8.lexicographicallyPrecedes($1.metadata.name.utf8) }
            return APIResponse(
                code: 200, body: .list(found.map(\.jsonValue)), resourceVersion: "\(context.store.revision)")
        case .create:
            let name = request.body?["metadata"]?["name"]?.string ?? ""
            guard all.contains(where: { $0.metadata.name == name }) else { return nil }
            return APIResponse(APIStatus.alreadyExists(request.resource, name))
        case .update, .patch, .delete, .deletecollection: return nil
        }
    }
}

extension ClusterContext {
    /// Stores the default role or binding that a request is going to change.
    mutating func storeDefaultRole(_ request: APIRequest) {
        guard [.update, .patch, .delete].contains(request.verb) else { return }
        if request.resource == ClusterRole.resource, store.clusterRoles.named(request.name) == nil,
            let role = BootstrapPolicy.clusterRoles.first(where: { $0.metadata.name == request.name })
        {
            _ = try? create(role)
        }
        if request.resource == ClusterRoleBinding.resource, store.clusterRoleBindings.named(request.name) == nil,
            let binding = BootstrapPolicy.clusterRoleBindings.first(where: { $0.metadata.name == request.name })
        {
            _ = try? create(binding)
        }
    }
}
