import Foundation
import KubernetesAPI
import NIOHTTP1
import Simulation
import Testing

@testable import LabServer

/// Requests that were right once: changed at random, they get an answer, and the lab stays as it has to be.
/// 100,000 of them; `KUBELAB_FUZZ` says otherwise.
@Suite struct RequestFuzzTests {
    private struct Sample {
        var method: HTTPMethod
        var target: String
        var headers: [(String, String)] = []
        var body: [UInt8] = []
    }

    private static let protobuf = "application/vnd.kubernetes.protobuf"
    private static let table =
        "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
    private static let pods = "/api/v1/namespaces/shop/pods"
    private static let deployments = "/apis/apps/v1/namespaces/shop/deployments"

    private static func samples() -> [Sample] {
        func json(_ value: JSONValue) -> [UInt8] { value.compactBytes }
        let map: JSONValue = [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a", "namespace": "shop"], "data": ["k": "v"],
        ]
        let web: JSONValue = [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "labels": ["app": "web"]],
            "spec": [
                "replicas": 2, "selector": ["matchLabels": ["app": "web"]],
                "template": [
                    "metadata": ["labels": ["app": "web"]],
                    "spec": ["containers": [["name": "web", "image": "nginx:1", "ports": [["containerPort": 80]]]]],
                ],
            ],
        ]
        return [
            Sample(method: .GET, target: "/api"), Sample(method: .GET, target: "/apis/apps/v1"),
            Sample(method: .GET, target: "/openapi/v3/apis/apps/v1?hash=1"),
            Sample(
                method: .GET, target: pods + "?limit=500&labelSelector=a%3Db,c&fieldSelector=status.phase%3DRunning"),
            Sample(method: .GET, target: pods + "?limit=1&continue=abc", headers: [("Accept", table)]),
            Sample(method: .GET, target: "/api/v1/nodes?resourceVersion=0", headers: [("Accept", protobuf + ",*/*")]),
            Sample(method: .GET, target: "/apis/events.k8s.io/v1/events"),
            Sample(method: .GET, target: "/apis/metrics.k8s.io/v1beta1/pods"),
            Sample(method: .GET, target: pods + "/web/log?tailLines=5&sinceTime=2026-01-01T00:00:00Z&timestamps=true"),
            Sample(
                method: .POST, target: "/api/v1/namespaces/shop/configmaps?fieldManager=x&fieldValidation=Strict",
                body: json(map)),
            Sample(
                method: .POST, target: deployments + "?dryRun=All", headers: [("Content-Type", "application/json")],
                body: json(web)),
            Sample(
                method: .POST, target: "/api/v1/namespaces/shop/configmaps", headers: [("Content-Type", protobuf)],
                body: KubernetesProtobuf.encode(map) ?? []),
            Sample(
                method: .PATCH, target: deployments + "/web",
                headers: [("Content-Type", "application/strategic-merge-patch+json")],
                body: json(["spec": ["replicas": 3]])),
            Sample(
                method: .PATCH, target: deployments + "/web",
                headers: [("Content-Type", "application/json-patch+json")],
                body: json([["op": "replace", "path": "/spec/replicas", "value": 1]])),
            Sample(
                method: .PATCH, target: deployments + "/web?fieldManager=a&force=true",
                headers: [("Content-Type", "application/apply-patch+yaml")], body: json(web)),
            Sample(
                method: .PATCH, target: deployments + "/web/scale",
                headers: [("Content-Type", "application/merge-patch+json")], body: json(["spec": ["replicas": 2]])),
            Sample(
                method: .PUT, target: "/api/v1/namespaces/shop/configmaps/a",
                headers: [("Content-Type", "application/yaml")], body: json(map)),
            Sample(
                method: .DELETE,
                target: "/api/v1/namespaces/shop/configmaps/a?propagationPolicy=Foreground&gracePeriodSeconds=1",
                body: json(["kind": "DeleteOptions", "apiVersion": "v1", "preconditions": ["uid": "x"]])),
            Sample(method: .DELETE, target: "/api/v1/namespaces/shop/configmaps?labelSelector=a"),
            Sample(
                method: .POST, target: pods + "/web/eviction",
                body: json(["apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": "web"]])),
            Sample(
                method: .POST, target: "/api/v1/namespaces/shop/serviceaccounts/default/token",
                body: json(["spec": ["expirationSeconds": 600]])),
            Sample(
                method: .POST, target: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                body: json(["spec": ["resourceAttributes": ["verb": "get", "resource": "pods"]]])),
            Sample(method: .GET, target: pods + "/web/exec?command=ls&stdout=true"),
            Sample(method: .POST, target: "/kubelab/v1/clock", body: json(["speed": "paused", "advance": "1ms"])),
            Sample(
                method: .GET, target: "/healthz", headers: [("Authorization", "Bearer x"), ("Impersonate-User", "bob")]),
        ]
    }

    @Test func changedRequestsGetAnAnswer() async throws {
        let count = ProcessInfo.processInfo.environment["KUBELAB_FUZZ"].flatMap(Int.init) ?? 100_000
        let lab = try await ServedLab.begin(RecordedSession.scenario)
        let service = APIService(host: lab.server.host, authenticator: Authenticator(token: "t", needsNone: true))
        let samples = Self.samples()
        var random = RandomStream(seed: 5, name: "requests")
        var codes: [UInt: Int] = [:]
        for _ in 0..<count {
            var sample = samples[Int(random.below(UInt64(samples.count)))]
            for _ in 0...random.below(3) { Self.change(&sample, &random) }
            var head = HTTPRequestHead(version: .http1_1, method: sample.method, uri: sample.target)
            head.headers = HTTPHeaders(sample.headers.map { ($0.0, $0.1) })
            guard let request = HTTPRequest(head, body: sample.body) else { continue }
            // What takes long by right is no matter of this test.
            guard !request.flag("watch"), !request.flag("follow"), !request.path.contains("watch") else { continue }
            if request.path.last == "clock",
                String(decoding: sample.body, as: UTF8.self) != "{\"speed\":\"paused\",\"advance\":\"1ms\"}"
            {
                continue
            }
            let answer = await service.answer(request)
            codes[answer.status.code, default: 0] += 1
            if answer.status.code >= 400, case .bytes(let bytes) = answer.body {
                #expect(String(decoding: bytes, as: UTF8.self).contains("\"kind\":\"Status\""))
            }
            #expect(answer.status.code != 500 || sample.method == .PATCH, "\(sample.target): \(answer.body)")
        }
        #expect(codes.keys.contains(200) && codes.keys.contains(400) && codes.keys.contains(404), "\(codes)")
        try await lab.end()
    }

    private static let words = [
        "default", "shop", "..", "%2f", "%00", "-1", "99999999999999999999", "a=b=c", "!", "(", "in", ",", "{}", "[]",
        "null", "\"", "\u{1F600}", "true", "spec", "metadata", "/status", "/scale", "/log", "?", "&", "=", "NaN",
        "1e999",
    ]

    private static func change(_ sample: inout Sample, _ random: inout RandomStream) {
        func place(_ count: Int) -> Int { Int(random.below(UInt64(count + 1))) }
        let word = words[Int(random.below(UInt64(words.count)))]
        switch random.below(8) {
        case 0:
            var text = Array(sample.target)
            text.insert(contentsOf: word, at: place(text.count))
            sample.target = String(text)
        case 1:
            var text = Array(sample.target)
            let (from, length) = (place(text.count), place(8))
            text.removeSubrange(from..<min(text.count, from + length))
            sample.target = "/" + String(text).drop { $0 == "/" }
        case 2: sample.method = [.GET, .POST, .PUT, .PATCH, .DELETE, .HEAD, .OPTIONS][Int(random.below(7))]
        case 3 where !sample.headers.isEmpty: sample.headers[Int(random.below(UInt64(sample.headers.count)))].1 += word
        case 3, 4:
            sample.body.insert(contentsOf: Array(word.utf8), at: place(sample.body.count))
        case 5 where !sample.body.isEmpty:
            sample.body[Int(random.below(UInt64(sample.body.count)))] = UInt8(random.below(256))
        case 5, 6: sample.body = Array(sample.body.prefix(place(sample.body.count)))
        default:
            let types = [
                "application/json", "application/yaml", protobuf, "application/apply-patch+yaml",
                "application/merge-patch+json",
            ]
            sample.headers.append(("Content-Type", types[Int(random.below(UInt64(types.count)))]))
        }
    }
}
