import OrderedCollections

/// `/openapi/v3/…`: one document a group and version, from which kubectl learns kinds, fields and what can be done.
public enum OpenAPIDocument {
    /// Paths of the documents below `/openapi/v3/`: `api/v1`, `apis/apps/v1`.
    public static func paths(_ groups: APIGroups) -> [String] {
        groups.groups.filter { group in !APIGroups.adapters.contains { $0.name == group.name } }.flatMap { group in
            group.versions.map { group.name.isEmpty ? "api/\($0)" : "apis/\(group.name)/\($0)" }
        }
    }

    /// The document of one path.
    /// - Parameter added: the kinds that definitions add.
    /// - Returns: nil if there is none.
    public static func document(_ path: String, _ groups: APIGroups, added: [CustomKind]) -> JSONValue? {
        let parts = path.split(separator: "/").map(String.init)
        let (group, version): (String, String)
        switch (parts.count, parts.first) {
        case (2, "api"?): (group, version) = ("", parts[1])
        case (3, "apis"?): (group, version) = (parts[1], parts[2])
        default: return nil
        }
        let resources = groups.resources(group: group, version: version)
        guard !resources.isEmpty else { return nil }
        var schemas = OpenAPISchemas()
        var paths: OrderedDictionary<String, JSONValue> = [:]
        for discovered in resources {
            let resource = discovered.resource
            let row = KindRow.builtIn.first { $0.resource == resource }
            let custom = added.first { $0.resource == resource }
            // Events of their own group share the schema of those of the core.
            let name =
                if let row { schemas.add(row.schema, kind: resource) } else if let custom { schemas.add(custom) } else {
                    schemas.add(Event.schema, kind: resource)
                }
            _ = schemas.addList(of: name, resource)
            add(discovered, name, "/" + path, &paths)
        }
        let names = schemas.schemas.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let components = names.map { ($0, schemas.schemas[$0] ?? .null) }
        return [
            "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": "v1.36.2"], "paths": .object(paths),
            "components": ["schemas": .object(.init(uniqueKeysWithValues: components))],
        ]
    }

    private static func add(
        _ discovered: DiscoveredResource, _ schema: String, _ prefix: String,
        _ paths: inout OrderedDictionary<String, JSONValue>
    ) {
        let resource = discovered.resource
        let scope = resource.namespaced ? "\(prefix)/namespaces/{namespace}" : prefix
        let collection = "\(scope)/\(resource.plural)"
        let verbs = Set(discovered.verbs)
        var many: OrderedDictionary<String, JSONValue> = [:]
        if verbs.contains("list") { many["get"] = operation("list", resource, schema + "List") }
        if verbs.contains("create") { many["post"] = operation("post", resource, schema) }
        if verbs.contains("deletecollection") { many["delete"] = operation("deletecollection", resource, schema) }
        paths[collection] = .object(many)
        if resource.namespaced, verbs.contains("list") {
            paths["\(prefix)/\(resource.plural)"] = ["get": operation("list", resource, schema + "List")]
        }
        let one = collection + "/{name}"
        var single: OrderedDictionary<String, JSONValue> = [:]
        if verbs.contains("get") { single["get"] = operation("get", resource, schema) }
        if verbs.contains("update") { single["put"] = operation("put", resource, schema) }
        if verbs.contains("delete") { single["delete"] = operation("delete", resource, schema) }
        if verbs.contains("patch") { single["patch"] = operation("patch", resource, schema) }
        if !single.isEmpty { paths[one] = .object(single) }
        for part in discovered.subresources where part.kind == resource.kind {
            var operations: OrderedDictionary<String, JSONValue> = [:]
            for verb in part.verbs {
                let (method, action) =
                    switch verb {
                    case "update": ("put", "put")
                    case "create": ("post", "connect")
                    default: (verb, verb)
                    }
                operations[method] = operation(action, resource, schema)
            }
            paths["\(one)/\(part.name)"] = .object(operations)
        }
    }

    private static func operation(_ action: String, _ resource: ResourceType, _ schema: String) -> JSONValue {
        var parameters: [JSONValue] = []
        func parameter(_ name: String, _ type: String = "string") {
            parameters.append([
                "name": .string(name), "in": "query", "schema": ["type": .string(type), "uniqueItems": true],
            ])
        }
        if ["post", "put", "patch"].contains(action) {
            for name in ["dryRun", "fieldManager", "fieldValidation"] { parameter(name) }
            if action == "patch" { parameter("force", "boolean") }
        }
        let content: JSONValue = ["application/json": ["schema": OpenAPISchemas.reference(schema)]]
        var members: OrderedDictionary<String, JSONValue> = [
            "tags": [
                .string(resource.group.isEmpty ? "core_\(resource.version)" : "\(resource.group)_\(resource.version)")
            ],
            "parameters": .array(parameters),
        ]
        if ["post", "put"].contains(action) { members["requestBody"] = ["content": content, "required": true] }
        members["responses"] = ["200": ["description": "OK", "content": content]]
        members["x-kubernetes-action"] = .string(action)
        members["x-kubernetes-group-version-kind"] = OpenAPISchemas.groupVersionKind(resource)
        return .object(members)
    }

    /// `/openapi/v3`: where each document is, with a hash that changes when it does.
    public static func index(_ groups: APIGroups, hash: (String) -> String) -> JSONValue {
        let entries = paths(groups).map { path in
            (path, ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(hash(path))")] as JSONValue)
        }
        return ["paths": .object(.init(uniqueKeysWithValues: entries))]
    }

    /// `/openapi/v2` for those who ask for JSON: the kinds, and nothing that is not true of them.
    public static func swagger(_ groups: APIGroups, added: [CustomKind]) -> JSONValue {
        var definitions: [(String, JSONValue)] = []
        for path in paths(groups) {
            guard let document = document(path, groups, added: added),
                let schemas = document["components"]?["schemas"]?.object
            else { continue }
            for (name, schema) in schemas where schema["x-kubernetes-group-version-kind"] != nil {
                definitions.append(
                    (
                        name,
                        [
                            "type": "object",
                            "x-kubernetes-group-version-kind": schema["x-kubernetes-group-version-kind"] ?? [],
                        ]
                    ))
            }
        }
        return [
            "swagger": "2.0", "info": ["title": "Kubernetes", "version": "v1.36.2"], "paths": [:],
            "definitions": .object(.init(definitions) { first, _ in first }),
        ]
    }
}
