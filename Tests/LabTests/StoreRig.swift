import Foundation
import KubernetesAPI
import Simulation

@testable import Lab

/// A folder of its own for one test, and small labs in it.
final class StoreRig {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "kubelab-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { folder + "/" + name }
    var lab: String { path("lab.kubelab") }

    /// A service with users, small enough for debug builds.
    static let scenario = """
        name: small
        namespace: shop
        nodes:
        - {name: worker, count: 2}
        workloads:
          images:
            web:
              service:
                workers: 1
                stages: [{compute: 0.002}]
              startup: {importing: 1, loading: 1, warmUp: 0}
              port: 8000
              health: [{path: /readyz, check: ready}]
          traffic:
          - {name: users, service: shop/web, path: /, rate: [{at: 0s, rate: 2}]}
        manifests: [service.yaml]
        """

    static let service = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          selector: {app: web}
          ports: [{port: 80, targetPort: 8000}]
        """

    static func deployment(replicas: Int) -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: \(replicas)
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - name: web
                image: registry.example/web:1
                ports: [{containerPort: 8000}]
                readinessProbe: {httpGet: {path: /readyz, port: 8000}}
        """
    }

    static func file() throws -> ScenarioFile {
        ScenarioFile(
            scenario: try ScenarioFile.parse(scenario, file: "scenario.yaml"), text: scenario,
            manifests: [("service.yaml", service)])
    }

    @discardableResult func create(seed: UInt64 = 1) throws -> LabSession {
        try LabSession.create(lab, scenario: try Self.file(), seed: seed)
    }

    /// A lab in which something was applied and 30 s have passed.
    func createUsed() throws {
        var session = try create()
        session.apply(Self.deployment(replicas: 2))
        _ = try session.advance(to: .zero + .seconds(30))
    }

    func open(_ access: LabSession.Access = .reading) throws -> LabSession { try LabSession.open(lab, for: access) }

    /// Writes into the file behind the store's back.
    func tamper(_ body: (inout Data) -> Void) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: lab))
        body(&data)
        try data.write(to: URL(fileURLWithPath: lab))
    }
}

extension LabSession {
    /// Sends the objects of a manifest as creations or updates.
    @discardableResult mutating func apply(_ manifest: String) -> [APIResponse] {
        guard let documents = try? YAMLReader.documents(manifest) else { return [] }
        return documents.map { document in
            let name = document.value["metadata"]?["name"]?.string ?? ""
            guard let kind = KindRow.builtIn.first(where: { $0.resource.kind == document.value["kind"]?.string }) else {
                return APIResponse(.badRequest("no such kind"))
            }
            let namespace = world.scenario.namespace
            let found = respond(to: APIRequest(.get, kind.resource, namespace: namespace, name: name))
            let verb: APIRequest.Verb = found.code == 404 ? .create : .update
            return respond(
                to: APIRequest(
                    verb, kind.resource, namespace: namespace, name: verb == .create ? "" : name, body: document.value))
        }
    }

    /// The digest of the present, computed from the inputs alone.
    func replayedDigest() throws -> String {
        var replay = try replayFromStart()
        try replay.finish()
        return replay.world.stateDigest
    }
}
