import KubernetesAPI
import OrderedCollections

/// What the API server does with a definition before it is stored (`apiextensions-apiserver/pkg/apis/apiextensions`).
enum CustomDefinition {
    /// The definition with the names that follow from others.
    static func defaulted(_ object: CustomObject) -> CustomObject {
        var object = object
        guard case .object(var spec)? = object.content["spec"], case .object(var names)? = spec["names"] else {
            return object
        }
        if let kind = names["kind"]?.string {
            if names["singular"] == nil { names["singular"] = .string(kind.lowercased()) }
            if names["listKind"] == nil { names["listKind"] = .string(kind + "List") }
        }
        spec["names"] = .object(names)
        if spec["conversion"] == nil { spec["conversion"] = ["strategy": "None"] }
        object.content["spec"] = .object(spec)
        return object
    }

    /// What is wrong with a definition; empty for a good one.
    static func problems(of object: CustomObject) -> [APIStatus.Cause] {
        var found: [APIStatus.Cause] = []
        func add(_ field: String, _ reason: String, _ message: String) {
            found.append(APIStatus.Cause(reason: reason, message: message, field: field))
        }
        func required(_ field: String, _ value: JSONValue?) {
            if (value?.string ?? "").isEmpty { add(field, "FieldValueRequired", "Required value") }
        }
        let spec = object.content["spec"]
        let names = spec?["names"]
        let (group, plural) = (spec?["group"]?.string ?? "", names?["plural"]?.string ?? "")
        if object.metadata.name != plural + "." + group {
            add(
                "metadata.name", "FieldValueInvalid",
                "Invalid value: \(GoText.quoted(object.metadata.name)): must be spec.names.plural+\".\"+spec.group")
        }
        required("spec.group", spec?["group"])
        if !group.isEmpty, !group.contains(".") {
            add(
                "spec.group", "FieldValueInvalid",
                "Invalid value: \(GoText.quoted(group)): should be a domain with at least one dot")
        }
        let scope = spec?["scope"]?.string ?? ""
        if scope.isEmpty {
            add("spec.scope", "FieldValueRequired", "Required value")
        } else if !["Cluster", "Namespaced"].contains(scope) {
            add(
                "spec.scope", "FieldValueNotSupported",
                "Unsupported value: \(GoText.quoted(scope)): supported values: \"Cluster\", \"Namespaced\"")
        }
        for field in ["plural", "kind"] { required("spec.names." + field, names?[field]) }
        let versions = spec?["versions"]?.array ?? []
        let stored = versions.count { $0["storage"] == .bool(true) }
        if stored != 1 {
            add(
                "spec.versions", "FieldValueInvalid",
                "Invalid value: \(String(decoding: JSONValue.array(versions.map { ["name": $0["name"] ?? ""] }).compactBytes, as: UTF8.self)): must have exactly one version marked as storage version"
            )
        }
        var seen: Set<String> = []
        for (index, version) in versions.enumerated() {
            let path = "spec.versions[\(index)]"
            required(path + ".name", version["name"])
            if let name = version["name"]?.string, !seen.insert(name).inserted {
                add(path + ".name", "FieldValueDuplicate", "Duplicate value: \(GoText.quoted(name))")
            }
            guard let schema = version["schema"]?["openAPIV3Schema"] else {
                add(path + ".schema.openAPIV3Schema", "FieldValueRequired", "Required value: schemas are required")
                continue
            }
            check(schema, path + ".schema.openAPIV3Schema", 0, isRoot: true, &found)
        }
        return Array(found.prefix(100))
    }

    /// A structural schema says the type of everything.
    private static func check(
        _ schema: JSONValue, _ path: String, _ depth: Int, isRoot: Bool, _ found: inout [APIStatus.Cause]
    ) {
        guard found.count < 100 else { return }
        guard depth < 100 else {
            found.append(.init(reason: "FieldValueInvalid", message: "Invalid value: too deep", field: path))
            return
        }
        guard case .object = schema else {
            found.append(
                .init(reason: "FieldValueTypeInvalid", message: "Invalid value: must be an object", field: path))
            return
        }
        let type = schema["type"]?.string ?? ""
        let isFree =
            schema["x-kubernetes-int-or-string"] == .bool(true)
            || schema["x-kubernetes-preserve-unknown-fields"] == .bool(true)
        if type.isEmpty, !isFree || isRoot {
            let what = isRoot ? "at the root" : "for specified object fields"
            found.append(
                .init(
                    reason: "FieldValueRequired", message: "Required value: must not be empty \(what)",
                    field: path + ".type"))
        } else if isRoot, type != "object" {
            found.append(
                .init(
                    reason: "FieldValueInvalid",
                    message: "Invalid value: \(GoText.quoted(type)): must be object at the root", field: path + ".type")
            )
        }
        for (name, property) in schema["properties"]?.object ?? [:] {
            check(property, "\(path).properties[\(name)]", depth + 1, isRoot: false, &found)
        }
        if let items = schema["items"] { check(items, path + ".items", depth + 1, isRoot: false, &found) }
        if case .object? = schema["additionalProperties"], let additional = schema["additionalProperties"] {
            check(additional, path + ".additionalProperties", depth + 1, isRoot: false, &found)
        }
    }

    /// The definition with the status that the API server's own controllers give it: its names are accepted unless
    /// another definition of the group has them.
    static func accepted(_ object: CustomObject, beside others: [CustomObject], at time: Time) -> CustomObject {
        var object = object
        let spec = object.content["spec"]
        let kind = spec?["names"]?["kind"]?.string ?? ""
        let conflict = others.contains {
            $0.metadata.name != object.metadata.name && $0.isEstablished
                && $0.content["spec"]?["group"] == spec?["group"]
                && $0.content["spec"]?["names"]?["kind"]?.string == kind
        }
        func condition(_ type: String, _ status: String, _ reason: String, _ message: String) -> JSONValue {
            [
                "lastTransitionTime": time.jsonValue, "message": .string(message), "reason": .string(reason),
                "status": .string(status), "type": .string(type),
            ]
        }
        let conditions: [JSONValue] =
            conflict
            ? [
                condition("NamesAccepted", "False", "KindConflict", "\(GoText.quoted(kind)) is already in use"),
                condition("Established", "False", "NotAccepted", "not all names are accepted"),
            ]
            : [
                condition("NamesAccepted", "True", "NoConflicts", "no conflicts found"),
                condition("Established", "True", "InitialNamesAccepted", "the initial names have been accepted"),
            ]
        var status: OrderedDictionary<String, JSONValue> = ["conditions": .array(conditions)]
        status["acceptedNames"] = conflict ? ["kind": "", "plural": ""] : spec?["names"] ?? .object([:])
        status["storedVersions"] = .array(
            (spec?["versions"]?.array ?? []).filter { $0["storage"] == .bool(true) }.compactMap { $0["name"] })
        // A condition that stays as it was keeps its time.
        if let old = object.content["status"],
            old["conditions"]?.array?.map({ $0["status"] }) == conditions.map({ $0["status"] })
        {
            status["conditions"] = old["conditions"]
        }
        object.content["status"] = .object(status)
        return object
    }
}
