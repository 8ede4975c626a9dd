import Kubectl
import KubernetesAPI
import NIOHTTP1
import Testing

@testable import LabServer

/// Lists as text: the bytes are those of the values, and pages together are the whole.
@Suite struct ListTests {
    private func get(_ service: APIService, _ target: String, accept: String = "application/json") async throws
        -> JSONValue
    {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target)
        head.headers = ["Accept": accept]
        let answer = await service.answer(try #require(HTTPRequest(head, body: [])))
        guard case .bytes(let bytes) = answer.body else { return .null }
        return try JSONValue(parsingJSON: bytes[...])
    }

    private func lab() async throws -> (ServedLab, APIService) {
        let lab = try await ServedLab.begin(RecordedSession.scenario)
        let files = try RecordedSession.inputs()
        try await lab.server.host.apply(files["01-web.yaml"] ?? "")
        try await lab.server.host.apply(files["06-jobs.yaml"] ?? "")
        try await lab.server.host.apply(files["07-sts-ds.yaml"] ?? "")
        try await lab.pass(70)
        return (lab, APIService(host: lab.server.host, authenticator: Authenticator(token: "t", needsNone: true)))
    }

    @Test func textIsThatOfTheValues() async throws {
        let (lab, service) = try await lab()
        var seen = 0
        for row in KindRow.builtIn
        where DiscoveredResource.all().contains(where: { $0.resource == row.resource && $0.verbs.contains("list") }) {
            let request = APIRequest(.list, row.resource)
            guard let listing = try await lab.server.host.session.world.cluster.listing(request, after: "", limit: 0)
            else { continue }
            for object in listing.objects {
                var bytes: [UInt8] = []
                object.writeJSON(to: &bytes)
                #expect(bytes == object.jsonValue.compactBytes, "\(row.resource.kind) \(object.key)")
                seen += 1
                let context = TableDefinition.Context(now: await lab.server.host.session.wallTime)
                let definition = TableDefinition.of(row.resource)
                #expect(
                    definition.table(of: [object.jsonValue], context).rows[0].cells
                        == definition.cells(of: object, context))
            }
        }
        #expect(seen > 40)
        let table = try await get(service, "/api/v1/pods", accept: "application/json;as=Table;v=v1;g=meta.k8s.io")
        #expect(table["kind"]?.string == "Table" && (table["rows"]?.array?.count ?? 0) > 5)
        #expect(table["rows"]?.array?.contains { $0["conditions"] != nil } == true, "ended pods are marked")
        try await lab.end()
    }

    @Test(arguments: [1, 2, 3, 7]) func pagesAreTheWhole(limit: Int) async throws {
        let (lab, service) = try await lab()
        for path in ["/api/v1/pods", "/api/v1/nodes", "/api/v1/events", "/apis/apps/v1/deployments"] {
            let whole = try await get(service, path)["items"]?.array ?? []
            var pages: [JSONValue] = []
            var token = ""
            repeat {
                let page = try await get(service, "\(path)?limit=\(limit)&continue=\(token)")
                let items = page["items"]?.array ?? []
                #expect(items.count <= limit)
                pages += items
                token = page["metadata"]?["continue"]?.string ?? ""
                if case .integer(let left)? = page["metadata"]?["remainingItemCount"] {
                    #expect(Int(left) == whole.count - pages.count)
                }
            } while !token.isEmpty && pages.count <= whole.count
            #expect(pages == whole, "\(path) in pages of \(limit)")
        }
        try await lab.end()
    }
}

extension LabHost {
    /// Creates the objects of a manifest, as a client would.
    func apply(_ text: String) throws {
        for document in try YAMLReader.documents(text) {
            let kind = document.value["kind"]?.string ?? ""
            guard let row = KindRow.builtIn.first(where: { $0.resource.kind == kind }) else { continue }
            let namespace = document.value["metadata"]?["namespace"]?.string ?? "default"
            let request = APIRequest(
                .create, row.resource, namespace: row.resource.namespaced ? namespace : "", body: document.value)
            guard case .object = respond(to: request).response.body else { throw APIStatus.badRequest(kind) }
        }
    }
}
