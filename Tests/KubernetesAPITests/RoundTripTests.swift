import Testing

@testable import KubernetesAPI

/// What is written can be read again, and patches lead from one object to another.
@Suite struct RoundTripTests {
    private func expectRoundTrip<Object: KubernetesObject>(_ object: Object) throws {
        let json = object.jsonValue
        let (again, unknown) = try Object.decode(json: json)
        #expect(unknown == [])
        #expect(again.jsonValue == json)
        let text = try JSONReader.read(json.compactBytes[...])
        #expect(text.isEquivalent(to: json))
        let wire = try Object(protobuf: object.protobufBytes[...])
        #expect(wire.protobufBytes == object.protobufBytes)
        let filled = object.withDefaults()
        // Defaults are taken once: a second time changes nothing.
        #expect(filled.withDefaults().jsonValue == filled.jsonValue)
    }

    @Test func objects() throws {
        let objects = SampleManifests.objects
        #expect(objects.count > 100)
        for object in objects { try expectRoundTrip(object) }
    }

    /// Fields that the lab does not act on come back as they were given.
    @Test func keepsWhatItDoesNotUse() throws {
        let text = """
            apiVersion: v1
            kind: Pod
            metadata: {name: p, annotations: {a: b}}
            spec:
              dnsConfig: {nameservers: [10.0.0.1], options: [{name: ndots, value: "2"}]}
              hostAliases: [{ip: 10.0.0.2, hostnames: [a, b]}]
              runtimeClassName: gvisor
              containers:
              - name: c
                image: app:1
                securityContext: {capabilities: {drop: [ALL]}, seccompProfile: {type: Localhost, localhostProfile: a}}
                volumeMounts: [{name: v, mountPath: /v, mountPropagation: None}]
              volumes: [{name: v, iscsi: {targetPortal: "10.0.0.3:3260", iqn: iqn.2026-01.io:x, lun: 1}}]
            """
        let document = try #require(try YAMLReader.documents(text).first)
        let (pod, unknown) = try Pod.decode(json: document.value)
        #expect(unknown == [])
        #expect(pod.spec.jsonValue.isEquivalent(to: try #require(document.value["spec"])))
    }

    /// `apply(difference(a, b), a) == b`, for pairs of good objects of a kind.
    @Test func patches() throws {
        var byKind: [String: [(KindRow, JSONValue)]] = [:]
        // A list with two elements of a key, as wrong objects have them, has no strategic patch.
        func isGood<Object: KubernetesObject>(_ object: Object) -> Bool {
            (try? Validation.check(object.withDefaults())) != nil
        }
        for object in SampleManifests.objects where isGood(object) {
            let value = object.jsonValue
            if let row = SampleManifests.kind(of: value) { byKind[row.resource.kind, default: []].append((row, value)) }
        }
        var pairs = 0
        for (_, rows) in byKind.sorted(by: { $0.key < $1.key }) {
            for ((row, old), (_, new)) in zip(rows, rows.dropFirst()) {
                for (from, to) in [(old, new), (new, old), (old, old)] {
                    let merge = MergePatch.difference(from: from, to: to)
                    #expect(MergePatch.apply(merge, to: from).isEquivalent(to: to))
                    let strategic = try StrategicMergePatch.difference(from: from, to: to, schema: row.schema)
                    let patched = try StrategicMergePatch.apply(strategic, to: from, schema: row.schema)
                    #expect(
                        patched.isEquivalent(to: to),
                        "\(from.json(indented: false))\n\(to.json(indented: false))\n\(patched.json(indented: false))")
                    pairs += 1
                }
            }
        }
        #expect(pairs > 100)
    }
}
