import KubernetesAPI
import NIOHTTP1
import Testing

@testable import LabServer

/// What the server tells about itself fits together.
@Suite struct DescriptionTests {
    private let groups = APIGroups([CustomKind.definitionKind])

    @Test func everyReferenceOfOpenAPILeadsSomewhere() throws {
        for path in OpenAPIDocument.paths(groups) {
            let document = try #require(OpenAPIDocument.document(path, groups, added: [CustomKind.definitionKind]))
            let schemas = try #require(document["components"]?["schemas"]?.object)
            var references: Set<String> = []
            func walk(_ value: JSONValue) {
                switch value {
                case .object(let members):
                    if let reference = members["$ref"]?.string { references.insert(reference) }
                    for member in members.values { walk(member) }
                case .array(let items): for item in items { walk(item) }
                default: break
                }
            }
            walk(document)
            for reference in references {
                let name = String(reference.dropFirst("#/components/schemas/".count))
                #expect(schemas[name] != nil, "\(path): \(reference)")
            }
            // The same once more: a client keeps it by its hash.
            #expect(OpenAPIDocument.document(path, groups, added: [CustomKind.definitionKind]) == document)
        }
        #expect(OpenAPIDocument.document("apis/nothing/v1", groups, added: []) == nil)
    }

    @Test func bothFormsOfDiscoverySayTheSame() throws {
        var aggregated: Set<String> = []
        for core in [true, false] {
            for group in groups.aggregated(core: core)["items"]?.array ?? [] {
                for version in group["versions"]?.array ?? [] {
                    for resource in version["resources"]?.array ?? [] {
                        let name =
                            "\(group["metadata"]?["name"]?.string ?? "")/\(version["version"]?.string ?? "")/\(resource["resource"]?.string ?? "")"
                        aggregated.insert(name)
                        for part in resource["subresources"]?.array ?? [] {
                            aggregated.insert("\(name)/\(part["subresource"]?.string ?? "")")
                        }
                    }
                }
            }
        }
        var older: Set<String> = []
        for group in groups.groups where !APIGroups.adapters.contains(where: { $0.name == group.name }) {
            for version in group.versions {
                let list = try #require(groups.resourceList(group: group.name, version: version))
                for resource in list["resources"]?.array ?? [] {
                    older.insert("\(group.name)/\(version)/\(resource["name"]?.string ?? "")")
                }
            }
        }
        #expect(aggregated == older)
        #expect(
            older.contains("/v1/pods/log") && older.contains("apps/v1/deployments/scale")
                && older.contains("/v1/serviceaccounts/token"))
    }

    @Test func stableVersionsComeFirst() {
        let versions = ["v1alpha1", "v2", "v1beta1", "v1", "v10", "v1beta2", "nonsense", "v2beta1"]
        #expect(
            versions.sorted(by: { APIGroups.isPreferred($0, to: $1) })
                == ["v10", "v2", "v1", "v2beta1", "v1beta2", "v1beta1", "v1alpha1", "nonsense"])
    }

    @Test(arguments: [
        ("application/json", Representation.json), ("*/*", .json),
        ("application/vnd.kubernetes.protobuf, */*", .protobuf),
        ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", .table), ("application/yaml", .yaml),
        ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", .metadata),
        ("application/json;as=Nonsense,application/json", .json), ("application/json;q=0, application/yaml", .yaml),
    ])
    func acceptHeadersAreRead(text: String, form: Representation) {
        #expect(Representation.negotiated([text]) == form)
    }

    @Test func whatNobodyHasIsNotAcceptable() {
        #expect(Representation.negotiated(["image/png"]) == nil)
        #expect(Representation.negotiated([]) == .json)
        let aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
        #expect(Representation.negotiated([aggregated], aggregates: true) == .aggregatedDiscovery)
        #expect(Representation.negotiated([aggregated]) == .json)
    }

    @Test(arguments: [
        (["api", "v1", "namespaces"], ResourcePath(group: "", version: "v1", ["namespaces"])),
        (
            ["api", "v1", "namespaces", "a", "status"],
            ResourcePath(group: "", version: "v1", ["namespaces", "a", "status"])
        ),
        (
            ["apis", "apps", "v1", "namespaces", "a", "deployments", "b", "scale"],
            ResourcePath(group: "apps", version: "v1", ["namespaces", "a", "deployments", "b", "scale"])
        ),
    ])
    func pathsAreRead(path: [String], expected: ResourcePath?) throws {
        #expect(APIRoute(path) == .resource(try #require(expected)))
    }

    @Test func partsOfPaths() throws {
        let scale = try #require(
            ResourcePath(group: "apps", version: "v1", ["namespaces", "a", "deployments", "b", "scale"]))
        #expect((scale.namespace, scale.plural, scale.name, scale.subresource) == ("a", "deployments", "b", "scale"))
        let status = try #require(ResourcePath(group: "", version: "v1", ["namespaces", "a", "status"]))
        #expect((status.namespace, status.plural, status.name, status.subresource) == ("", "namespaces", "a", "status"))
        let old = try #require(ResourcePath(group: "", version: "v1", ["watch", "namespaces", "a", "pods"]))
        #expect(old.isOldWatch && old.plural == "pods" && old.namespace == "a")
        #expect(APIRoute(["api", ""]) == .coreVersions && APIRoute(["apis"]) == .groups && APIRoute([]) == .root)
        #expect(APIRoute(["openapi", "v3", "apis", "apps", "v1"]) == .openAPI("apis/apps/v1"))
    }

    /// Protobuf of the largest objects and of a list, there and back.
    @Test func protobufGoesThereAndBack() throws {
        let map: JSONValue = [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a", "labels": ["x": "y"]],
            "data": ["k": "v"],
        ]
        let bytes = try #require(KubernetesProtobuf.encode(map))
        #expect(try KubernetesProtobuf.decode(bytes).isEquivalent(to: map))
        #expect(KubernetesProtobuf.encode(["apiVersion": "meta.k8s.io/v1", "kind": "Table"]) == nil)
        let list: JSONValue = [
            "apiVersion": "v1", "kind": "ConfigMapList", "metadata": ["resourceVersion": "7"], "items": [map],
        ]
        let whole = try #require(KubernetesProtobuf.encode(list))
        #expect(whole.count > bytes.count)
        for count in 0..<bytes.count {
            // Every beginning of it is refused or read; none brings the server down.
            _ = try? KubernetesProtobuf.decode(Array(bytes.prefix(count)))
        }
        #expect(throws: FieldError.self) { try KubernetesProtobuf.decode([1, 2, 3]) }
    }
}
