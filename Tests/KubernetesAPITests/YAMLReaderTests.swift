import Testing

@testable import KubernetesAPI

/// Every row was run through kubectl (`kubectl label --local -f FILE -o json`); its JSON or its error stands here.
@Suite struct YAMLReaderTests {
    private func json(_ text: String) -> String {
        do {
            return try YAMLReader.documents(text).map { $0.value.json(indented: false) }.joined(separator: " ")
        } catch {
            return error.kubectlText
        }
    }

    private static let prefix = "error converting YAML to JSON: "

    @Test(arguments: [
        (
            "a: yes\nb: \"yes\"\nc: off\nd: y\ne: N\nf: yeS",
            #"{"a":true,"b":"yes","c":false,"d":true,"e":false,"f":"yeS"}"#
        ),
        (
            "a: 0644\nb: 0o644\nc: 0x1F\nd: 0b11\ne: 1_000\nf: 08\ng: +1",
            #"{"a":420,"b":420,"c":31,"d":3,"e":1000,"f":8,"g":1}"#
        ),
        (
            "a: -0\nb: -0b11\nc: 0x\nd: 0b2\ne: 1.\nf: -.5\ng: 12e\nh: 1__0",
            #"{"a":0,"b":-3,"c":"0x","d":"0b2","e":1,"f":-0.5,"g":"12e","h":10}"#
        ),
        ("a: 1e3\nb: 1.5\nc: 1.0\nd: 1e400\ne: 1_0.5_0", #"{"a":1000,"b":1.5,"c":1,"d":"1e400","e":10.5}"#),
        ("a: ~\nb:\nc: null\nd: Null\ne: nULL", #"{"a":null,"b":null,"c":null,"d":null,"e":"nULL"}"#),
        ("a: 2001-01-01\nb: 1:30\nc: 1.2.3\nd: 100m", #"{"a":"2001-01-01","b":"1:30","c":"1.2.3","d":"100m"}"#),
        (
            "a: 12345678901234567890123\nb: 18446744073709551615",
            #"{"a":1.2345678901234568e+22,"b":18446744073709552000}"#
        ),
        ("1: x\ntrue: z\nn: w\n1.5: v\n1e30: u", #"{"1":"x","1.5":"v","1e+30":"u","false":"w","true":"z"}"#),
        (
            "x: &a {b: 1, c: 2}\nk: {b: 0, <<: *a, c: 3}\nz: {<<: [*a, {d: 1, b: 9}]}",
            #"{"k":{"b":1,"c":3},"x":{"b":1,"c":2},"z":{"b":1,"c":2,"d":1}}"#
        ),
        (
            "x: !!binary aGVsbG8=\nk: !!str 5\nz: !!int \"5\"\nw: !!float 3\nv: !foo bar",
            #"{"k":"5","v":"bar","w":3,"x":"hello","z":5}"#
        ),
        ("a: 1\na: 2", #"{"a":2}"#),
        ("x:\n- a\n b", #"{"x":["a b"]}"#),
        ("u: {a:1, b}", #"{"u":{"a:1":null,"b":null}}"#),
        ("a: 1\r\nb: 2\r\n", #"{"a":1,"b":2}"#),
        ("\u{feff}a: é😀", #"{"a":"é😀"}"#),
        ("a: 1\n---\n# nothing\n---\nb: 2\n--- # c\n", #"{"a":1} {"b":2}"#),
        ("---\na: 1\n...\nfoo: [", #"{"a":1}"#),
        (#"{"a":1} {"b":[true,null]}"#, #"{"a":1} {"b":[true,null]}"#),
        (#"{a: 1}"#, #"{"a":1}"#),
        ("", ""),
    ])
    func reads(_ text: String, _ expected: String) {
        #expect(json(text) == expected)
    }

    @Test(arguments: [
        (
            "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: p\n",
            "yaml: line 4: found character that cannot start any token"
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n   labels: {a: b}\n",
            "yaml: line 5: mapping values are not allowed in this context"
        ),
        ("a: 1\n---\nb: c: d\n", "yaml: mapping values are not allowed in this context"),
        ("a: 1\n--- # c\na: [\n", "yaml: line 1: did not find expected node content"),
        ("a: 1\nb:\nc: 'a\n", "yaml: line 4: found unexpected end of stream"),
        ("\n\n\nx: \"a\\qb\"\n", "yaml: line 4: found unknown escape character"),
        ("\n\n\nx: |\n a\n\tb\n", "yaml: line 6: found a tab character where an indentation space is expected"),
        ("a: 1\nb: 1\nc: 1\nx: [a, b\ny: c\n", "yaml: line 4: did not find expected ',' or ']'"),
        ("a: 1\nb: 1\nc: 1\n- a\n", "yaml: line 3: did not find expected key"),
        ("a: 1\nb: 1\nc: 1\nx: - a\n", "yaml: line 4: block sequence entries are not allowed in this context"),
        ("a: 1\nb: 1\nc: 1\nx\ny: 1\n", "yaml: line 5: could not find expected ':'"),
        ("x: *foo", "yaml: unknown anchor 'foo' referenced"),
        ("x: &x [*x]", "yaml: anchor 'x' value contains itself"),
        ("x: !!int abc", "yaml: cannot decode !!str `abc` as a !!int"),
        ("<<: 1", "yaml: map merge requires map or sequence of maps as the value"),
        ("? [a]\n: x", "yaml: invalid map key: []interface {}{\"a\"}"),
        ("~: x", "unsupported map key of type: %!s(<nil>), key: <nil>, value: \"x\""),
        ("x: .inf", "json: unsupported value: +Inf"),
        ("x: \"a\u{0}\"", "yaml: control characters are not allowed"),
    ])
    func refuses(_ text: String, _ expected: String) {
        #expect(json(text) == Self.prefix + expected)
    }

    @Test func separatorsStandAlone() {
        #expect(json("a: 1\n--- foo \nb: 2") == "invalid Yaml document separator: foo")
    }

    @Test func errorsKnowTheLineOfTheFile() {
        #expect(throws: YAMLError("yaml: line 2: found character that cannot start any token", line: 5, column: 1)) {
            try YAMLReader.documents("a: 1\nb: 2\n---\nc:\n\t- d\n")
        }
    }

    @Test func duplicateKeysAreRefusedOnRequest() {
        var reader = YAMLReader()
        reader.refusesDuplicateKeys = true
        let text = "x: 1\n---\nmetadata:\n  name: a\n  labels: {}\n  name: b\n"
        let message = "yaml: unmarshal errors:\n  line 4: key \"name\" already set in map"
        #expect(throws: YAMLError(message, line: 6, column: nil)) { try reader.documents(Array(text.utf8)) }
    }

    @Test func placesOfFields() throws {
        let text = """
            apiVersion: v1
            kind: List
            ---
            metadata:
              labels:
                app.kubernetes.io/name: web
            spec:
              template: &t
                containers:
                - name: a
                  image: x
                -
                  image: z
              other: {<<: *t, extra: 1}
            """
        let document = try #require(try YAMLReader.documents(text).last)
        #expect(document.startLine == 4)
        let places = [
            ("metadata", 4), ("metadata.labels.app.kubernetes.io/name", 6),
            ("metadata.labels[app.kubernetes.io/name]", 6),
            ("spec.template.containers[0].image", 11), ("spec.template.containers[1].image", 13),
            ("spec.template.containers[7].image", 9),
            ("spec.other.containers[0].name", 10), ("spec.other.extra", 14), ("spec.replicas", 7), ("", 4),
        ]
        for (path, line) in places { #expect(document.line(of: path) == line, "\(path)") }
        #expect(document.position(of: "spec.template.containers[0].image").column == 7)
    }

    @Test func hostileTextsEndInAnError() {
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(json(deep).contains("exceeded max depth of 100"))
        #expect(json(String(repeating: "{\"a\":", count: 100_000)).contains("exceeded max depth of 100"))
        #expect(json(String(repeating: "- ", count: 100_000)).contains("exceeded max depth of 100"))
        var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1..<10 {
            bomb +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",") + "]\n"
        }
        #expect(json(bomb) == Self.prefix + "yaml: document contains excessive aliasing")
        #expect(json(String(repeating: "a", count: 9 << 20)).contains("more than the limit"))
    }
}
