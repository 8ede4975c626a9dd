import Foundation
import KubernetesAPI
import PromQL
import Testing

@testable import Monitoring

/// Bodies that Alertmanager 0.25 has sent.
@Suite struct WebhookMessageTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("fixtures/conformance/alertmanager")

    static func recorded() throws -> [JSONValue] {
        let bytes = try Array(Data(contentsOf: folder.appendingPathComponent("webhooks_0.25.json")))
        return try #require(try JSONReader.read(bytes[...]).array)
    }

    static func labels(_ value: JSONValue?) -> Labels {
        let object = value?.object
        return Labels((object.map { Array($0.keys) } ?? []).map { Label($0, object?[$0]?.string ?? "") })
    }

    /// The alert of a recorded body, as Prometheus or a person must have posted it.
    static func posted(_ body: JSONValue) throws -> PostableAlert {
        let alert = try #require(body["alerts"]?.array?.first)
        let resolved = alert["status"]?.string == "resolved"
        return PostableAlert(
            labels: labels(alert["labels"]), annotations: labels(alert["annotations"]),
            startsAt: CivilDate.parse(alert["startsAt"]?.string ?? ""),
            endsAt: resolved ? CivilDate.parse(alert["endsAt"]?.string ?? "") : nil,
            generatorURL: alert["generatorURL"]?.string ?? "")
    }

    static let configuration = """
        route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 2s}
        receivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:19094/hook'}]}]
        """

    @Test func sendsTheRecordedBodies() throws {
        // The lengths of the recorded requests; ours have milliseconds where two of the alerts had nanoseconds.
        let lengths = [583, 815, 519, 514, 823]
        let recorded = try Self.recorded()
        #expect(recorded.count == 5)
        for (body, length) in zip(recorded, lengths) {
            let alert = try Self.posted(body)
            var firing = alert
            // Prometheus sends a firing alert with an end that lies ahead.
            firing.endsAt = alert.endsAt.map { $0 + 3_600_000 }
            let start = try #require(alert.startsAt)
            var it = Alertmanager(
                try AlertmanagerConfiguration(yaml: Self.configuration), externalURL: "http://vm:19093", at: start)
            it.receive([firing], at: start)
            var sent = try #require(it.advance(to: start + 1000).first)
            it.report(sent.id, .delivered, at: start + 1001)
            if let end = alert.endsAt {
                #expect(it.receive([alert], at: end).isEmpty)
                sent = try #require(it.advance(to: max(end, start) + 3000).last)
            }
            let bytes = WebhookMessage.body(sent, externalURL: it.externalURL)
            let precise = "42.859313875Z"
            let text = String(decoding: bytes, as: UTF8.self)
                .replacingOccurrences(of: "42.859Z", with: precise)
            #expect(text.utf8.count == length)
            #expect(text == String(decoding: body.compactBytes, as: UTF8.self) + "\n")
        }
    }

    @Test func fingerprintsAreThoseOfPrometheus() {
        #expect(
            LabelFingerprint(Labels(["alertname": "Manual", "severity": "page"])).description == "5f139c5edb70b8f6")
        #expect(LabelFingerprint(.empty).description == "cbf29ce484222325")
    }

    @Test func keepsWhatAllHaveAndCutsLongLists() throws {
        var it = Alertmanager(
            try AlertmanagerConfiguration(
                yaml: """
                    route: {receiver: hook, group_wait: 1s}
                    receivers: [{name: hook, webhook_configs: [{url: 'http://h/', max_alerts: 2}]}]
                    """), externalURL: "http://a", at: 0)
        it.receive(
            ["b", "a", "c"].map {
                PostableAlert(
                    labels: Labels([Label("alertname", "X"), Label("instance", $0)]),
                    annotations: Labels([Label("summary", "<same>"), Label("at", $0)]))
            }, at: 10_000)
        let sent = try #require(it.advance(to: 11_000).first)
        let body = try JSONReader.read(WebhookMessage.body(sent, externalURL: it.externalURL)[...])
        #expect(body["truncatedAlerts"] == 1)
        #expect(body["groupLabels"] == .object([:]))
        #expect(body["groupKey"] == "{}:{}")
        #expect(body["commonLabels"] == ["alertname": "X"])
        #expect(body["commonAnnotations"] == ["summary": "<same>"])
        #expect(body["alerts"]?.array?.map { $0["labels"]?["instance"]?.string } == ["a", "b"])
    }
}
