import Testing

@testable import KubernetesAPI

func parsed(_ text: String) throws -> JSONValue { try JSONReader.read(Array(text.utf8)[...]) }

/// Every row was run through `kubectl patch --local --type=json`.
@Suite struct JSONPatchTests {
    private let document = #"{"spec":{"replicas":1,"list":[{"n":"a"},{"n":"b"}]},"labels":{"a":"1"}}"#

    private func result(_ patch: String) -> String {
        do {
            return try JSONPatch(parsed(patch)).applied(to: parsed(document)).json(indented: false)
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        (#"[{"op":"replace","path":"/spec","value":5}]"#, #"{"labels":{"a":"1"},"spec":5}"#),
        (
            #"[{"op":"replace","path":"/nope","value":5},{"op":"remove","path":"/spec"}]"#,
            #"{"labels":{"a":"1"},"nope":5}"#
        ),
        (
            #"[{"op":"add","path":"/spec/list/-","value":1},{"op":"remove","path":"/spec/list/0"}]"#,
            #"{"labels":{"a":"1"},"spec":{"list":[{"n":"b"},1],"replicas":1}}"#
        ),
        (
            #"[{"op":"remove","path":"/spec/list/-1"},{"op":"add","path":"/spec/list/0","value":2}]"#,
            #"{"labels":{"a":"1"},"spec":{"list":[2,{"n":"a"}],"replicas":1}}"#
        ),
        (
            #"[{"op":"copy","from":"/labels/a","path":"/labels/x~1y"},{"op":"move","from":"/spec/replicas","path":"/spec/list"}]"#,
            #"{"labels":{"a":"1","x/y":"1"},"spec":{"list":1}}"#
        ),
        (
            #"[{"op":"test","path":"/spec/replicas","value":1.0},{"op":"test","path":"/none","value":null},{"op":"remove","path":"/spec"}]"#,
            #"{"labels":{"a":"1"}}"#
        ),
        (
            #"[{"op":"replace","path":"/nope/x","value":5}]"#,
            "replace operation does not apply: doc is missing path: /nope/x: missing value"
        ),
        (
            #"[{"op":"remove","path":"/spec/nope"}]"#,
            "error in remove for path: '/spec/nope': Unable to remove nonexistent key: nope: missing value"
        ),
        (
            #"[{"op":"remove","path":"/nope/x"}]"#,
            #"remove operation does not apply: doc is missing path: "/nope/x": missing value"#
        ),
        (
            #"[{"op":"add","path":"/nope/x","value":1}]"#,
            #"add operation does not apply: doc is missing path: "/nope/x": missing value"#
        ),
        (
            #"[{"op":"add","path":"/spec/list/9","value":1}]"#,
            "error in add for path: '/spec/list/9': Unable to access invalid index: 9: invalid index referenced"
        ),
        (
            #"[{"op":"remove","path":"/spec/list/5"}]"#,
            "error in remove for path: '/spec/list/5': Unable to access invalid index: 5: invalid index referenced"
        ),
        (#"[{"op":"test","path":"/spec/replicas","value":2}]"#, "testing value /spec/replicas failed: test failed"),
        (
            #"[{"op":"move","from":"/spec/nope","path":"/spec/x"}]"#,
            "error in move for path: 'nope': Unable to remove nonexistent key: nope: missing value"
        ),
        (#"[{"op":"frob","path":"/labels/a"}]"#, "Unexpected kind: frob"),
        (#"{"a":1}"#, "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
    ])
    func applies(_ patch: String, _ expected: String) { #expect(result(patch) == expected) }

    @Test func copiesCannotExplode() {
        let doubling =
            #"{"op":"copy","from":"/labels","path":"/labels/x"},{"op":"copy","from":"/labels","path":"/labels/y"}"#
        let patch = "[" + Array(repeating: doubling, count: 40).joined(separator: ",") + "]"
        #expect(result(patch).contains("beyond the limit"))
        #expect(
            result("[{\"op\":\"remove\",\"path\":\"\(String(repeating: "/a", count: 100_000))\"}]").contains(
                "200 steps"))
    }
}

@Suite struct MergePatchTests {
    /// The table of RFC 7386, appendix A.
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
        (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#), (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
        (#"{"a":"foo"}"#, "null", "null"),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"a":1,"e":null}"#), ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
        ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
    func applies(_ document: String, _ patch: String, _ expected: String) throws {
        #expect(try MergePatch.apply(parsed(patch), to: parsed(document)).json(indented: false) == expected)
    }

    @Test func differenceAndThreeWay() throws {
        let (old, new) = (
            try parsed(#"{"a":1,"b":{"c":[1],"d":2},"x":1}"#), try parsed(#"{"b":{"c":[2],"d":2},"a":1,"y":{"z":1}}"#)
        )
        let patch = MergePatch.difference(from: old, to: new)
        #expect(patch.json(indented: false) == #"{"b":{"c":[2]},"x":null,"y":{"z":1}}"#)
        #expect(MergePatch.apply(patch, to: old).isEquivalent(to: new))
        let merged = MergePatch.threeWay(
            original: try parsed(#"{"a":1,"gone":1}"#), modified: try parsed(#"{"a":2}"#),
            current: try parsed(#"{"a":1,"gone":1,"live":1}"#))
        #expect(merged.json(indented: false) == #"{"a":2,"gone":null}"#)
    }
}

/// Every row of `applies` was run through `kubectl patch --local --type=strategic`.
@Suite struct StrategicMergePatchTests {
    private static let pod = """
        {"metadata":{"labels":{"a":"1"},"finalizers":["x/a","x/b"]},"spec":{"containers":[
        {"name":"a","image":"a:1","env":[{"name":"X","value":"1"},{"name":"W","value":"2"}],
        "ports":[{"containerPort":80},{"containerPort":90,"name":"m"}],"args":["x"]},{"name":"b","image":"b:1"}],
        "volumes":[{"name":"v","emptyDir":{}},{"name":"w","configMap":{"name":"c"}}],"tolerations":[{"key":"k"}]}}
        """

    private func patched(_ patch: String, _ path: [String] = []) -> String {
        do {
            var value = try StrategicMergePatch.apply(parsed(patch), to: parsed(Self.pod), schema: Pod.schema)
            for step in path { value = Int(step).flatMap { value.array?[$0] } ?? value[step] ?? .null }
            return value.json(indented: false)
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        (#"{"spec":{"containers":[{"name":"b","image":"b:2"},{"name":"c","image":"c:1"}]}}"#, "a:1 b:2 c:1"),
        (#"{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}"#, "b:1"),
        (#"{"spec":{"containers":[{"$patch":"replace"},{"name":"z","image":"z"}]}}"#, "z"),
        (
            #"{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"a","image":"a:2"}]}}"#,
            "b:1 a:2"
        ),
        (
            #"{"spec":{"$setElementOrder/containers":[{"name":"n"},{"name":"b"}],"containers":[{"name":"n","image":"n"}]}}"#,
            "n a:1 b:1"
        ),
    ])
    func mergesContainers(_ patch: String, _ images: String) throws {
        let value = try StrategicMergePatch.apply(parsed(patch), to: parsed(Self.pod), schema: Pod.schema)
        #expect(
            value["spec"]?["containers"]?.array?.compactMap { $0["image"]?.string }.joined(separator: " ") == images)
    }

    @Test func mergesOtherPlaces() {
        #expect(
            patched(
                #"{"metadata":{"labels":{"a":null,"b":"2"},"$deleteFromPrimitiveList/finalizers":["x/a"]}}"#,
                ["metadata"])
                == #"{"finalizers":["x/b"],"labels":{"b":"2"}}"#)
        #expect(
            patched(#"{"metadata":{"finalizers":["x/c","x/a"]}}"#, ["metadata", "finalizers"])
                == #"["x/c","x/a","x/b"]"#)
        #expect(patched(#"{"spec":{"tolerations":[{"key":"z"}]}}"#, ["spec", "tolerations"]) == #"[{"key":"z"}]"#)
        #expect(
            patched(
                #"{"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]}}"#,
                ["spec", "volumes"])
                == #"[{"hostPath":{"path":"/x"},"name":"v"},{"configMap":{"name":"c"},"name":"w"}]"#)
        let inner =
            #"{"name":"a","env":[{"name":"Z","value":"3"},{"name":"X","$patch":"delete"}],"ports":[{"containerPort":90,"name":"q"}],"args":["q"]}"#
        #expect(
            patched(#"{"spec":{"containers":[\#(inner)]}}"#, ["spec", "containers", "0"])
                == #"{"args":["q"],"env":[{"name":"Z","value":"3"},{"name":"W","value":"2"}],"image":"a:1","name":"a","ports":[{"containerPort":80},{"containerPort":90,"name":"q"}]}"#
        )
        #expect(
            patched(
                #"{"spec":{"nodeSelector":{"a":"b","c":null},"affinity":{"$patch":"delete"}}}"#,
                ["spec", "nodeSelector"]) == #"{"a":"b"}"#)
        #expect(patched(#"{"spec":{"affinity":{"$patch":"delete"}}}"#, ["spec", "affinity"]) == "null")
    }

    @Test func errorsSayWhatAndWhere() {
        #expect(
            patched(#"{"spec":{"containers":[{"image":"z"}]}}"#)
                == "map: map[image:z] does not contain declared merge key: name")
        #expect(
            patched(#"{"spec":{"securityContext":{"$patch":"bogus"}},"metadata":{"$patch":"bogus"}}"#)
                == "unknown patch type: bogus in map: map[$patch:bogus]")
        #expect(
            throws: PatchError("map: map[image:z] does not contain declared merge key: name", at: "spec.containers")
        ) {
            try StrategicMergePatch.apply(
                parsed(#"{"spec":{"containers":[{"image":"z"}]}}"#), to: parsed(Self.pod), schema: Pod.schema)
        }
    }

    // The patches that kubectl apply would send.

    private func threeWay(_ original: String, _ modified: String, _ current: String) throws -> String {
        try StrategicMergePatch.threeWay(
            original: parsed(original), modified: parsed(modified), current: parsed(current), schema: Deployment.schema
        ).json(indented: false)
    }

    @Test func applyLeavesWhatOthersOwn() throws {
        // Given an autoscaler that set replicas and a server that set defaults, when the image changes…
        let patch = try threeWay(
            #"{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"a:1","env":[{"name":"X","value":"1"}]}]}}}}"#,
            #"{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"a:2"}]}}}}"#,
            #"{"spec":{"replicas":7,"template":{"spec":{"dnsPolicy":"ClusterFirst","containers":[{"name":"c","image":"a:1","env":[{"name":"X","value":"1"},{"name":"S","value":"s"}],"imagePullPolicy":"Always"}]}}}}"#
        )
        // …then only the image changes, and only the variable that was applied goes.
        #expect(
            patch
                == #"{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"c"}],"containers":[{"env":null,"image":"a:2","name":"c"}]}}}}"#
        )
    }

    @Test func applyDeletesElementsAndOrdersThem() throws {
        let old = #"{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"a"},{"name":"b","image":"b"}]}}}}"#
        let new = #"{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"c"},{"name":"b","image":"b"}]}}}}"#
        let patch = try threeWay(old, new, old)
        let list = #"[{"image":"c","name":"c"},{"$patch":"delete","name":"a"}]"#
        #expect(
            patch
                == #"{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"b"}],"containers":\#(list)}}}}"#
        )
        let applied = try StrategicMergePatch.apply(parsed(patch), to: parsed(old), schema: Deployment.schema)
        #expect(applied.isEquivalent(to: try parsed(new)))
        #expect(try threeWay(new, new, applied.json(indented: false)) == "{}")
    }

    @Test func applyRetainsTheKeysOfUnions() throws {
        let old = #"{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}}"#
        let new = #"{"spec":{"strategy":{"type":"Recreate"}}}"#
        let patch = try threeWay(new, new, old)
        #expect(patch == #"{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}"#)
        #expect(
            try StrategicMergePatch.apply(parsed(patch), to: parsed(old), schema: Deployment.schema).isEquivalent(
                to: parsed(new)))
    }
}
