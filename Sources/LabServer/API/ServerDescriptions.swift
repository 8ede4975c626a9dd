import KubernetesAPI
import NIOHTTP1
import Simulation
import Synchronization

/// Discovery, OpenAPI and the version: what the server says of itself. Documents are made once, until definitions
/// change what there is.
final class ServerDescriptions: Sendable {
    private struct Made {
        var kinds: [CustomKind]
        var groups: APIGroups
        var documents: [String: (bytes: [UInt8], hash: String)] = [:]
    }

    private let made = Mutex<Made?>(nil)

    func answer(
        _ route: APIRoute, _ http: HTTPRequest, kinds: [CustomKind], metrics: ServedMetrics
    ) throws(APIStatus) -> HTTPAnswer {
        let form = Representation.negotiated(http.headers["accept"], aggregates: true) ?? .json
        let groups = groups(kinds)
        switch route {
        case .version: return .json(Self.version)
        case .root: return .json(["paths": .array(Self.paths.map { .string($0) })])
        case .coreVersions:
            return form == .aggregatedDiscovery ? aggregated(groups, core: true) : .json(groups.coreVersions)
        case .groups:
            return form == .aggregatedDiscovery ? aggregated(groups, core: false) : .json(groups.groupList)
        case .group(let name):
            guard let document = groups.groupDocument(name) else { throw .noSuchResource }
            return .json(document)
        case .resources(let group, let version):
            let list =
                groups.resourceList(group: group, version: version)
                ?? MetricsAdapter.resources(group, version, metrics)
            guard let list else { throw .noSuchResource }
            return .json(list)
        case .openAPIVersion2:
            let accept = http.headers["accept"].joined(separator: ",")
            // Older clients ask for protobuf and are content with a document that says nothing.
            guard accept.contains("application/json"), !accept.contains("protobuf") else {
                return HTTPAnswer(.ok, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", .bytes([]))
            }
            return .json(OpenAPIDocument.swagger(groups, added: kinds))
        case .openAPIIndex:
            return .json(OpenAPIDocument.index(groups) { self.document($0, kinds)?.hash ?? "" })
        case .openAPI(let path):
            guard let document = document(path, kinds) else { throw .noSuchResource }
            if http.headers["if-none-match"].contains("\"\(document.hash)\"") {
                return HTTPAnswer(.notModified, HTTPAnswer.json, .bytes([]))
            }
            var answer = HTTPAnswer(.ok, HTTPAnswer.json, .bytes(document.bytes))
            answer.headers = [
                ("Etag", "\"\(document.hash)\""), ("Vary", "Accept"),
                ("Cache-Control", http.parameter("hash") == document.hash ? "public, immutable" : "no-cache, private"),
            ]
            return answer
        case .health, .resource, .metric, .lab, .unknown: throw .noSuchResource
        }
    }

    private func aggregated(_ groups: APIGroups, core: Bool) -> HTTPAnswer {
        HTTPAnswer(
            .ok, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
            .bytes(groups.aggregated(core: core).compactBytes + [10]))
    }

    private func groups(_ kinds: [CustomKind]) -> APIGroups {
        made.withLock { made in
            if let known = made, known.kinds == kinds { return known.groups }
            let groups = APIGroups(kinds)
            made = Made(kinds: kinds, groups: groups)
            return groups
        }
    }

    private func document(_ path: String, _ kinds: [CustomKind]) -> (bytes: [UInt8], hash: String)? {
        let groups = groups(kinds)
        if let known = made.withLock({ $0?.documents[path] }) { return known }
        guard let value = OpenAPIDocument.document(path, groups, added: kinds) else { return nil }
        let bytes = value.compactBytes
        var digest = Digest()
        digest.fold(String(decoding: bytes, as: UTF8.self))
        let document = (bytes, digest.description)
        made.withLock { made in
            if made?.kinds == kinds { made?.documents[path] = document }
        }
        return document
    }

    private static let paths = [
        "/api", "/api/v1", "/apis", "/healthz", "/kubelab/v1/clock", "/livez", "/openapi/v2", "/openapi/v3", "/readyz",
        "/version",
    ]

    /// `/version`: what is simulated.
    private static let version: JSONValue = [
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35", "gitVersion": "v1.36.2", "gitCommit": "kubelab", "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z", "goVersion": "kubelab", "compiler": "swift",
        "platform": "linux/amd64",
    ]
}
