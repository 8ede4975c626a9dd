import Foundation
import KubernetesAPI
import Lab
import Simulation
import Testing

@testable import LabServer

/// What another terminal does with a served lab: its time, and what the metrics adapters show.
@Suite struct ControlTests {
    @Test func timeIsLetPassAndStopped() async throws {
        let lab = try await ServedLab.begin(RecordedSession.scenario)
        let client = LabClient(lab.server.kubeconfig)
        func clock(_ change: JSONValue) async throws -> LabClient.Answer {
            try await client.post("/kubelab/v1/clock", change)
        }
        func seconds(_ answer: LabClient.Answer) -> Double {
            switch answer.json["seconds"] {
            case .integer(let number)?: Double(number)
            case .number(let number)?: number
            default: -1
            }
        }
        #expect(seconds(try await client.get("/kubelab/v1/clock")) == 0)
        #expect(seconds(try await clock(["advance": "90s"])) == 90)
        let met = try await clock(["advance": "1h", "until": "pods.total >= 0"])
        #expect(met.json["holds"] == true && seconds(met) == 91)
        let unmet = try await clock(["advance": "9s", "until": "pods.total >= 1"])
        #expect(unmet.json["holds"] == false && seconds(unmet) == 100)
        #expect(try await clock(["speed": "max-idle"]).json["speed"]?.string == "max-idle")
        #expect(try await clock(["speed": "paused"]).json["speed"]?.string == "paused")
        for (change, word) in [
            (["speed": "quick"] as JSONValue, "max-idle"), (["advance": "-5s"], "no span"),
            (["advance": "5 parsecs"], "no span"),
            (["advance": "5s", "until": "nonsense"], "nonsense"), (3, ""),
        ] {
            let answer = try await clock(change)
            #expect(word.isEmpty || (answer.code == 400 && answer.message.contains(word)), "\(answer.message)")
        }
        try await lab.end()
    }

    /// A lab that nobody has touched begins with the clock of the wall; another keeps its own.
    @Test func aFreshLabGetsTheClockOfTheWall() throws {
        let folder = try ServedLab.newFolder()
        let path = folder + "/lab.kubelab"
        let text = RecordedSession.scenario
        let file = ScenarioFile(
            scenario: try ScenarioFile.parse(text, file: "scenario.yaml"), text: text, manifests: [])
        _ = try LabSession.create(path, scenario: file, seed: 4, exercise: "x", student: "ada")
        #expect(try LabSession.anchor(path, at: "2030-01-02T03:04:05Z"))
        #expect(try !LabSession.anchor(path, at: "2031-01-02T03:04:05Z"))
        var session = try LabSession.open(path, for: .writing)
        #expect(CivilTime.format(seconds: session.wallTime.epochSeconds) == "2030-01-02T03:04:05Z")
        #expect((session.header.seed, session.header.exercise, session.header.student) == (4, "x", "ada"))
        try session.pass(.seconds(60))
        // Lived through again, it is the same.
        let again = try LabSession.open(path, for: .reading, replayed: true)
        #expect(again.world.stateDigest == session.world.stateDigest)
        let touched = folder + "/touched.kubelab"
        var other = try LabSession.create(touched, scenario: file, seed: 4)
        try other.pass(.seconds(1))
        let before = other.wallTime
        other = again
        #expect(try !LabSession.anchor(touched, at: "2030-01-02T03:04:05Z"))
        #expect(try LabSession.open(touched, for: .reading).wallTime == before)
        try FileManager.default.removeItem(atPath: folder)
    }

    /// The values are those that the simulated autoscaler reads.
    @Test func adaptersShowMetrics() async throws {
        let lab = try await ServedLab.begin(RecordedSession.scenario)
        let client = LabClient(lab.server.kubeconfig)
        let files = try RecordedSession.inputs()
        for document in try YAMLReader.documents(files["01-web.yaml"] ?? "") {
            let row = try #require(KindRow.builtIn.first { $0.resource.kind == document.value["kind"]?.string })
            let request = APIRequest(.create, row.resource, namespace: "default", body: document.value)
            guard case .object = await lab.server.host.respond(to: request).response.body else {
                Issue.record("\(row.resource.kind)")
                return
            }
        }
        try await lab.pass(30)
        let base = "/apis/custom.metrics.k8s.io/v1beta2"
        let pods = try await client.get(
            "\(base)/namespaces/default/pods/*/http_requests_in_flight?labelSelector=app%3Dweb")
        #expect(pods.code == 200 && pods.json["kind"]?.string == "MetricValueList")
        #expect(pods.json["items"]?.array?.count == 3, "\(pods.json)")
        #expect(pods.json["items"]?.array?.first?["metric"]?["name"]?.string == "http_requests_in_flight")
        let older = try await client.get(
            "/apis/custom.metrics.k8s.io/v1beta1/namespaces/default/pods/*/http_requests_total")
        #expect(older.json["items"]?.array?.first?["metricName"]?.string == "http_requests_total")
        let external = try await client.get(
            "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/service_requests_per_second")
        #expect(external.json["kind"]?.string == "ExternalMetricValueList", "\(external.json)")
        for path in [
            "\(base)/namespaces/default/pods/*/nothing", "\(base)/namespaces/default/nodes/*/x", "\(base)/pods",
            "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/nothing",
        ] {
            #expect(try await client.get(path).code == 404)
        }
        let list = try await client.get(base)
        #expect(
            list.json["resources"]?.array?.contains { $0["name"]?.string == "pods/http_requests_in_flight" } == true)
        let forbidden = try await LabClient(lab.server.kubeconfig, token: "").get("\(base)/namespaces/default/pods/*/x")
        #expect(forbidden.code == 403)
        try await lab.end()
    }
}
