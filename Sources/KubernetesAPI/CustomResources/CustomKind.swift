import OrderedCollections

/// A kind that a CustomResourceDefinition adds, in one of its versions.
public struct CustomKind: Sendable, Equatable {
    /// A column of `kubectl get` (`additionalPrinterColumns`).
    public struct Column: Sendable, Equatable {
        public var name: String
        /// `string`, `integer`, `number`, `boolean`, `date`.
        public var type: String
        public var jsonPath: String
        public var priority: Int

        public init(name: String, type: String, jsonPath: String, priority: Int = 0) {
            self.name = name
            self.type = type
            self.jsonPath = jsonPath
            self.priority = priority
        }
    }

    /// Where the subresource `scale` finds its numbers, as JSON paths with a leading dot.
    public struct ScalePaths: Sendable, Equatable {
        public var specReplicas: String
        public var statusReplicas: String
        /// Empty for none.
        public var labelSelector: String
    }

    public var resource: ResourceType
    public var columns: [Column]
    public var hasStatus: Bool
    public var scale: ScalePaths?
    public var schema: StructuralSchema
    /// Whether objects are stored as this version.
    public var isStorage: Bool

    /// The kinds of a definition, a served version each, in the order of the definition.
    public static func kinds(of definition: JSONValue) -> [CustomKind] {
        guard let spec = definition["spec"], let group = spec["group"]?.string, let names = spec["names"],
            let plural = names["plural"]?.string, let kind = names["kind"]?.string
        else { return [] }
        func words(_ value: JSONValue?) -> [String] { (value?.array ?? []).compactMap(\.string) }
        return (spec["versions"]?.array ?? []).compactMap { version in
            guard let name = version["name"]?.string, version["served"] == .bool(true) else { return nil }
            let scale = version["subresources"]?["scale"].map { paths in
                ScalePaths(
                    specReplicas: paths["specReplicasPath"]?.string ?? "",
                    statusReplicas: paths["statusReplicasPath"]?.string ?? "",
                    labelSelector: paths["labelSelectorPath"]?.string ?? "")
            }
            return CustomKind(
                resource: ResourceType(
                    group: group, version: name, kind: kind, plural: plural,
                    namespaced: spec["scope"]?.string == "Namespaced", shortNames: words(names["shortNames"]),
                    categories: words(names["categories"])),
                columns: (version["additionalPrinterColumns"]?.array ?? []).map { column in
                    var priority = 0
                    if case .integer(let number)? = column["priority"] { priority = Int(clamping: number) }
                    return Column(
                        name: column["name"]?.string ?? "", type: column["type"]?.string ?? "string",
                        jsonPath: column["jsonPath"]?.string ?? "", priority: priority)
                },
                hasStatus: version["subresources"]?["status"] != nil, scale: scale,
                schema: StructuralSchema(version["schema"]?["openAPIV3Schema"] ?? .object([:])),
                isStorage: version["storage"] == .bool(true))
        }
    }

    /// CustomResourceDefinitions themselves.
    public static let definition = ResourceType(
        group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
        plural: "customresourcedefinitions", namespaced: false, shortNames: ["crd", "crds"],
        categories: ["api-extensions"])

    /// The definitions' own kind, as lists of kinds have it.
    public static let definitionKind = CustomKind(
        resource: definition,
        columns: [Column(name: "Created At", type: "string", jsonPath: ".metadata.creationTimestamp", priority: 0)],
        hasStatus: true, scale: nil,
        schema: StructuralSchema(["type": "object", "x-kubernetes-preserve-unknown-fields": true]), isStorage: true)
}

extension KindRow {
    /// A kind that a definition adds; its objects have no Swift type, and are sent and printed as they are.
    public init(_ kind: CustomKind) {
        resource = kind.resource
        schema = MessageSchema(name: kind.resource.kind, goPackage: kind.resource.version, fields: [])
        decode = { _ throws(FieldError) in throw FieldError("a custom object has no type of its own") }
        decodeProtobuf = { _ throws(FieldError) in throw FieldError("custom objects have no protobuf form") }
        isCustom = true
    }
}
