import Simulation
import Testing

@testable import KubernetesAPI

@Suite struct FieldOwnershipTests {
    private static let shape = MergeShape(Deployment.schema)
    private static let now = Time(epochSeconds: 1_000)

    private static func deployment(_ replicas: Int64?, image: String = "web:1", extra: JSONValue? = nil) -> JSONValue {
        var containers: [JSONValue] = [["name": "web", "image": .string(image), "ports": [["containerPort": 80]]]]
        if let extra { containers.append(extra) }
        var spec: JSONValue = ["template": ["spec": ["containers": .array(containers)]]]
        if let replicas {
            spec = ["replicas": .integer(replicas), "template": ["spec": ["containers": .array(containers)]]]
        }
        return [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "namespace": "shop"],
            "spec": spec,
        ]
    }

    private func apply(
        _ configuration: JSONValue, _ live: JSONValue?, _ owners: inout FieldOwnership, by manager: String,
        force: Bool = false, at time: Time = now
    ) throws(APIStatus) -> JSONValue {
        try owners.apply(
            configuration, to: live, shape: Self.shape, manager: manager, apiVersion: "apps/v1", subresource: "",
            force: force, what: "shop/web; apps/v1, Kind=Deployment", at: time)
    }

    @Test func fieldsAreWrittenAsTheServerWritesThem() throws {
        let set = try TypedValue(Self.deployment(3), Self.shape).fields()
        let json = FieldOwnership.owned(set, subresource: "").json.json(indented: false)
        #expect(
            json
                == #"{"f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}}"#
        )
        #expect(try FieldSet(json: JSONValue(parsingJSON: Array(json.utf8)[...])).json.json(indented: false) == json)
    }

    @Test func twoAppliersAndOneField() throws {
        var owners = try FieldOwnership([])
        let first = try apply(Self.deployment(3), nil, &owners, by: "a")
        // The same value is owned by both.
        let second = try apply(Self.deployment(3), first, &owners, by: "b")
        #expect(second == first)
        var (kept, refusal) = (owners, nil as APIStatus?)
        do throws(APIStatus) { _ = try apply(Self.deployment(5), second, &kept, by: "b") } catch { refusal = error }
        #expect(refusal?.code == 409)
        #expect(refusal?.message == "Apply failed with 1 conflict: conflict with \"a\": .spec.replicas")
        #expect(refusal?.causes.map(\.field) == [".spec.replicas"])
        #expect(refusal?.causes.map(\.reason) == ["FieldManagerConflict"])
        let forced = try apply(Self.deployment(5), second, &owners, by: "b", force: true)
        #expect(forced["spec"]?["replicas"] == 5)
        // Who leaves out what somebody else owns gives it up, and it stays.
        let given = try apply(Self.deployment(nil), forced, &owners, by: "a")
        #expect(given["spec"]?["replicas"] == 5)
        // Who leaves out what nobody else owns removes it.
        let removed = try apply(Self.deployment(nil), given, &owners, by: "b")
        #expect(removed["spec"]?["replicas"] == nil)
    }

    @Test func elementsOfListsAreOwnedOneByOne() throws {
        var owners = try FieldOwnership([])
        let first = try apply(Self.deployment(1), nil, &owners, by: "a")
        let sidecar: JSONValue = ["name": "side", "image": "side:1"]
        let both = try apply(
            ["metadata": [:], "spec": ["template": ["spec": ["containers": [sidecar]]]]], first, &owners, by: "b")
        let names = both["spec"]?["template"]?["spec"]?["containers"]?.array?.compactMap { $0["name"]?.string }
        #expect(names == ["web", "side"])
        let left = try apply(["metadata": [:], "spec": [:]], both, &owners, by: "b")
        #expect(left["spec"]?["template"]?["spec"]?["containers"]?.array?.count == 1)
    }

    @Test func updatesTakeWhatTheyChange() throws {
        var owners = try FieldOwnership([])
        let first = try apply(Self.deployment(1), nil, &owners, by: "a")
        owners.update(
            from: first, to: Self.deployment(4), shape: Self.shape, manager: "kubectl-scale", apiVersion: "apps/v1",
            subresource: "scale", at: Time(epochSeconds: 2_000))
        let entries = owners.entries
        #expect(entries.map(\.manager) == ["a", "kubectl-scale"])
        #expect(entries.map(\.operation) == ["Apply", "Update"])
        #expect(entries[1].fieldsV1?.json(indented: false) == #"{"f:spec":{"f:replicas":{}}}"#)
        var (kept, message) = (owners, "")
        do throws(APIStatus) { _ = try apply(Self.deployment(1), Self.deployment(4), &kept, by: "a") } catch {
            message = error.message
        }
        #expect(
            message
                == "Apply failed with 1 conflict: conflict with \"kubectl-scale\" with subresource \"scale\" using apps/v1: .spec.replicas"
        )
    }

    @Test func applyingTheSameAgainChangesNothing() throws {
        var owners = try FieldOwnership([])
        let first = try apply(Self.deployment(3), nil, &owners, by: "a")
        let before = owners.entries
        let again = try apply(Self.deployment(3), first, &owners, by: "a", at: Time(epochSeconds: 9_000))
        #expect(again == first && owners.entries == before)
    }

    @Test func whatTheTypeHasNotIsRefused() throws {
        for (configuration, word) in [
            (["spec": ["replica": 3]] as JSONValue, ".spec.replica: field not declared in schema"),
            (["spec": ["template": ["spec": ["containers": [["image": "x"]]]]]], "which is a key of its list"),
            (["spec": ["template": ["spec": ["containers": [["name": "x"], ["name": "x"]]]]]], "duplicate entries"),
        ] {
            var owners = try FieldOwnership([])
            var status: APIStatus?
            do throws(APIStatus) { _ = try apply(configuration, nil, &owners, by: "a") } catch { status = error }
            #expect(status?.code == 500 && status?.message.contains(word) == true, "\(String(describing: status))")
            #expect(
                status?.message.hasPrefix("failed to create typed patch object (shop/web; apps/v1, Kind=Deployment)")
                    == true)
        }
    }

    @Test(arguments: [
        #"{"x:a":{}}"#, #"{"f":{}}"#, #"{"k:{":{}}"#, #"{"i:x":{}}"#, #"{"f:a":3}"#, "[]", "3", #"{"v:{":{}}"#,
    ])
    func otherTextsAreNoFieldSets(text: String) throws {
        let value = try JSONValue(parsingJSON: Array(text.utf8)[...])
        #expect(throws: FieldError.self) { try FieldSet(json: value) }
    }

    @Test func deepFieldSetsAreRefused() throws {
        var value: JSONValue = [:]
        for _ in 0..<190 { value = ["f:a": value] }
        #expect(throws: Never.self) { try FieldSet(json: value) }
        for _ in 0..<50 { value = ["f:a": value] }
        #expect(throws: FieldError.self) { try FieldSet(json: value) }
    }

    @Test func manyUpdatersBecomeOne() throws {
        var owners = try FieldOwnership([])
        var old: JSONValue = ["metadata": ["labels": [:]]]
        for number in 0..<15 {
            var labels = old["metadata"]?["labels"]?.object ?? [:]
            labels["l\(number)"] = "x"
            let new: JSONValue = ["metadata": ["labels": .object(labels)]]
            owners.update(
                from: old, to: new, shape: Self.shape, manager: "m\(number)", apiVersion: "apps/v1", subresource: "",
                at: Time(epochSeconds: Int64(number)))
            old = new
        }
        let entries = owners.entries
        #expect(entries.count == FieldOwnership.updateLimit)
        #expect(entries.contains { $0.manager == "ancient-changes" } && entries.contains { $0.manager == "m14" })
        #expect(entries.reduce(0) { $0 + ($1.fieldsV1?["f:metadata"]?["f:labels"]?.object?.count ?? 0) } >= 15)
    }

    /// Whatever three managers do: an entry names only what is there, and what is applied is owned by who applied it.
    @Test(arguments: 0..<40) func ownersOwnWhatIsThere(seed: UInt64) throws {
        var random = RandomStream(seed: seed, name: "owners")
        var owners = try FieldOwnership([])
        var live: JSONValue?
        for step in 0..<30 {
            let manager = ["a", "b", "c"][Int(random.below(3))]
            var labels: [(String, JSONValue)] = []
            for name in ["x", "y", "z"] where random.below(2) == 0 {
                labels.append((name, .string("\(random.below(3))")))
            }
            let replicas = random.below(2) == 0 ? Int64(random.below(4)) : nil
            var wanted = Self.deployment(replicas, image: "web:\(random.below(3))")
            if case .object(var members) = wanted {
                members["metadata"] = ["name": "web", "labels": .object(.init(uniqueKeysWithValues: labels))]
                wanted = .object(members)
            }
            let time = Time(epochSeconds: Int64(step))
            if random.below(3) == 0, let old = live {
                owners.update(
                    from: old, to: wanted, shape: Self.shape, manager: manager, apiVersion: "apps/v1", subresource: "",
                    at: time)
                live = wanted
            } else {
                live = try apply(wanted, live, &owners, by: manager, force: true, at: time)
                let own = owners.parts.first { $0.manager == manager && $0.operation == "Apply" }
                let named = FieldOwnership.owned(try TypedValue(wanted, Self.shape).fields(), subresource: "")
                #expect(own?.fields == named || named.isEmpty)
            }
            let there = try TypedValue(live ?? [:], Self.shape).fields()
            for part in owners.parts {
                let absent = part.fields.paths.filter { path in !Self.contains(there, path[...]) }
                #expect(absent.isEmpty, "seed \(seed), step \(step): \(part.manager) owns \(absent)")
            }
        }
    }

    private static func contains(_ set: FieldSet, _ path: ArraySlice<FieldPathElement>) -> Bool {
        guard let first = path.first else { return !set.isEmpty }
        return contains(set[first], path.dropFirst())
    }
}
