import KubernetesAPI
import PromQL
import Testing

@testable import Monitoring

@Suite struct AlertmanagerAPITests {
    static let yaml = """
        route: {receiver: a, group_by: [alertname], routes: [{matchers: [team=db], receiver: db, continue: true}]}
        receivers: [{name: a, webhook_configs: [{url: 'http://h/'}]}, {name: db}]
        inhibit_rules: [{source_matchers: [alertname=Down], target_matchers: [alertname=Slow]}]
        """
    /// 2026-11-23T08:00:00Z.
    static let start: Int64 = 1_795_420_800_000

    static func bench() throws -> Alertmanager {
        Alertmanager(try AlertmanagerConfiguration(yaml: yaml), externalURL: "http://a", at: start)
    }

    static func ask(
        _ it: inout Alertmanager, _ target: String, _ method: String = "GET", _ body: String = "", after: Int64 = 0
    )
        -> (status: Int, text: String)
    {
        let request = AlertmanagerRequest(method: method, target: target, body: Array(body.utf8))
        let answer = it.respond(to: request, at: start + after)
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    static let posted = """
        [{"labels":{"alertname":"Slow","team":"db","empty":""},"annotations":{"summary":"s"},
          "startsAt":"2026-11-23T07:59:00.5Z","endsAt":"2026-11-23T08:10:00Z","generatorURL":"http://p/graph?a=b&c"},
         {"labels":{"alertname":"Up"},"endsAt":"0001-01-01T00:00:00.000Z"}]
        """

    @Test func showsWhatWasPosted() throws {
        var it = try Self.bench()
        #expect(Self.ask(&it, "/api/v2/alerts", "POST", Self.posted) == (200, ""))
        let (status, text) = Self.ask(&it, "/api/v2/alerts?filter=alertname%3DSlow")
        #expect(status == 200)
        let slow = """
            {"annotations":{"summary":"s"},"endsAt":"2026-11-23T08:10:00.000Z","fingerprint":"FP",\
            "receivers":[{"name":"db"}],"startsAt":"2026-11-23T07:59:00.500Z",\
            "status":{"inhibitedBy":[],"silencedBy":[],"state":"active"},"updatedAt":"2026-11-23T08:00:00.000Z",\
            "generatorURL":"http://p/graph?a=b\\u0026c","labels":{"alertname":"Slow","team":"db"}}
            """.replacing("FP", with: LabelFingerprint(Labels(["alertname": "Slow", "team": "db"])).description)
        #expect(text == "[\(slow)]\n")
        #expect(
            Self.ask(&it, "/api/v2/alerts/groups?receiver=d.").text
                == #"[{"alerts":[\#(slow)],"labels":{"alertname":"Slow"},"receiver":{"name":"db"}}]"# + "\n")
        #expect(Self.ask(&it, "/api/v2/alerts?receiver=d").text == "[]\n")
        // Five minutes later the alert without an end is over.
        let later = try #require(
            try JSONReader.read(Array(Self.ask(&it, "/api/v2/alerts", after: 300_001).text.utf8)[...]).array)
        #expect(later.map { $0["labels"]?["alertname"]?.string } == ["Slow"])
    }

    @Test func saysWhyAnAlertIsKeptBack() throws {
        var it = try Self.bench()
        _ = Self.ask(&it, "/api/v2/alerts", "POST", Self.posted)
        _ = Self.ask(&it, "/api/v2/alerts", "POST", #"[{"labels":{"alertname":"Down"}}]"#)
        let silence = #"""
            {"matchers":[{"name":"alertname","value":"U.","isRegex":true}],"startsAt":"2026-11-23T07:00:00Z",
             "endsAt":"2026-11-23T09:00:00+00:00","createdBy":"me","comment":"c"}
            """#
        let (status, text) = Self.ask(&it, "/api/v2/silences", "POST", silence)
        #expect(status == 200)
        let id = try #require(try JSONReader.read(Array(text.utf8)[...])["silenceID"]?.string)
        func names(_ query: String) throws -> [String] {
            let text = Self.ask(&it, "/api/v2/alerts" + query).text
            let all = try #require(try JSONReader.read(Array(text.utf8)[...]).array)
            return all.map { ($0["labels"]?["alertname"]?.string ?? "") + ($0["status"]?["state"]?.string ?? "") }
                .sorted()
        }
        #expect(try names("") == ["Downactive", "Slowsuppressed", "Upsuppressed"])
        #expect(try names("?silenced=false") == ["Downactive", "Slowsuppressed"])
        #expect(try names("?inhibited=false&active=false") == ["Upsuppressed"])
        #expect(
            Self.ask(&it, "/api/v2/silence/" + id).text == """
                {"id":"\(id)","status":{"state":"active"},"updatedAt":"2026-11-23T08:00:00.000Z","comment":"c",\
                "createdBy":"me","endsAt":"2026-11-23T09:00:00.000Z","matchers":[{"isEqual":true,"isRegex":true,\
                "name":"alertname","value":"U."}],"startsAt":"2026-11-23T08:00:00.000Z"}

                """)
        #expect(Self.ask(&it, "/api/v2/silence/" + id, "DELETE") == (200, ""))
        #expect(Self.ask(&it, "/api/v2/silence/" + id, "DELETE") == (500, "\"silence \(id) already expired\"\n"))
        #expect(Self.ask(&it, "/api/v2/silences?filter=alertname%3DX").text == "[]\n")
        #expect(Self.ask(&it, "/api/v2/silences").text.contains(#""state":"expired""#))
        #expect(try names("?active=true") == ["Downactive", "Slowsuppressed", "Upactive"])
    }

    @Test(arguments: [
        ("GET", "/api/v2/nothing", "", 404, #"{"code":404,"message":"path /api/v2/nothing was not found"}"#),
        ("PUT", "/api/v2/alerts", "", 405, #"{"code":405,"message":"method PUT is not allowed, but [GET,POST] are"}"#),
        ("GET", "/api/v2/alerts?filter=foo", "", 400, #""bad matcher format: foo""#),
        ("POST", "/api/v2/alerts", #"[{"labels":{}}]"#, 400, #""at least one label pair required""#),
        ("POST", "/api/v2/alerts", #"[{}]"#, 422, #"{"code":602,"message":"0.labels in body is required"}"#),
        (
            "POST", "/api/v2/alerts", #"[{"labels":{"a":1}}]"#, 422,
            #"{"code":601,"message":"0.labels.a in body must be of type string"}"#
        ),
        (
            "GET", "/api/v2/silence/x", "", 422,
            #"{"code":601,"message":"silenceID in path must be of type uuid: \"x\""}"#
        ),
        ("GET", "/api/v2/silence/00000000-0000-4000-8000-000000000000", "", 404, ""),
        (
            "POST", "/api/v2/silences", #"{"comment":"c"}"#, 422,
            #"{"code":602,"message":"createdBy in body is required"}"#
        ),
        ("GET", "/api/v2/receivers", "", 200, #"[{"name":"a"},{"name":"db"}]"#),
    ])
    func answers(_ method: String, _ target: String, _ body: String, _ status: Int, _ text: String) throws {
        var it = try Self.bench()
        let answer = Self.ask(&it, target, method, body)
        #expect(answer.status == status)
        #expect(answer.text == (text.isEmpty ? "" : text + "\n"))
    }

    @Test func showsItsConfiguration() throws {
        var it = try Self.bench()
        let status = try JSONReader.read(Array(Self.ask(&it, "/api/v2/status").text.utf8)[...])
        #expect(status["config"]?["original"]?.string == Self.yaml)
        #expect(status["uptime"] == "2026-11-23T08:00:00.000Z")
        #expect(Self.ask(&it, "/-/healthy") == (200, "OK"))
    }

    @Test func mutatedRequestsNeverTrap() throws {
        var it = try Self.bench()
        var state: UInt64 = 3
        func roll(_ sides: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % sides
        }
        let targets = [
            "/api/v2/alerts?filter=a%3D~%22b%22&active=1", "/api/v2/silences", "/api/v2/silence/%00%", "?&=%4",
        ]
        let bodies = [
            Self.posted,
            #"{"id":"","matchers":[{"name":"a","value":"b(","isRegex":false}],"startsAt":"2026-11-23T07:00:00Z","#
                + #""endsAt":"2026-11-23T09:00:00Z","createdBy":"","comment":""}"#,
        ]
        for _ in 0..<600 {
            var target = Array(targets[roll(4)].utf8)
            var body = Array(bodies[roll(2)].utf8)
            if roll(2) == 0 { target[roll(target.count)] = UInt8(roll(256)) }
            for _ in 0..<roll(3) { body[roll(body.count)] = UInt8(roll(128)) }
            let request = AlertmanagerRequest(
                method: ["GET", "POST", "DELETE"][roll(3)], target: String(decoding: target, as: UTF8.self), body: body)
            let answer = it.respond(to: request, at: Self.start)
            #expect((200...599).contains(answer.status))
        }
    }
}
