import PromQL
import Simulation
import Testing

@testable import Monitoring

@Suite struct RelabellingTests {
    private func apply(_ labels: Labels, _ steps: RelabelConfiguration...) -> Labels? {
        Relabelling(steps).apply(labels)
    }

    @Test func replaceJoinsSourcesAndExpandsGroups() throws {
        let labels = Labels(["a": "foo", "b": "bar", "c": "baz"])
        #expect(
            apply(
                labels,
                try RelabelConfiguration(
                    sourceLabels: ["a"], regex: "f(.*)", targetLabel: "d", replacement: "ch${1}-ch${1}"))
                == Labels(["a": "foo", "b": "bar", "c": "baz", "d": "choo-choo"]))
        #expect(
            apply(labels, try RelabelConfiguration(sourceLabels: ["a", "b"], separator: "-", targetLabel: "d"))?["d"]
                == "foo-bar")
        #expect(
            apply(
                labels,
                try RelabelConfiguration(
                    sourceLabels: ["a", "b"], regex: "(?P<x>f.*);(b.*)", targetLabel: "${x}", replacement: "$2$$"))?[
                    "foo"]
                == "bar$")
    }

    @Test func replaceWithoutAMatchChangesNothingAndWithAnEmptyResultRemoves() throws {
        let labels = Labels(["a": "foo"])
        #expect(
            apply(
                labels, try RelabelConfiguration(sourceLabels: ["a"], regex: "oo", targetLabel: "a", replacement: "x"))
                == labels)
        #expect(
            apply(labels, try RelabelConfiguration(sourceLabels: ["a"], targetLabel: "a", replacement: "$2"))
                == Labels.empty)
        // A target that expands to nothing is no label.
        #expect(
            apply(labels, try RelabelConfiguration(sourceLabels: ["a"], targetLabel: "$2", replacement: "x")) == labels)
    }

    @Test func keepAndDropLookAtTheWholeValue() throws {
        let labels = Labels(["a": "foo\nbar"])
        #expect(apply(labels, try RelabelConfiguration(sourceLabels: ["a"], regex: "foo", action: .keep)) == nil)
        #expect(apply(labels, try RelabelConfiguration(sourceLabels: ["a"], regex: "foo.bar", action: .keep)) == labels)
        #expect(apply(labels, try RelabelConfiguration(sourceLabels: ["a"], regex: "foo.*", action: .drop)) == nil)
        // A label that is not there is empty.
        #expect(apply(labels, try RelabelConfiguration(sourceLabels: ["z"], regex: "", action: .keep)) == labels)
    }

    @Test func equalityIsOfLabels() throws {
        let labels = Labels(["a": "x", "b": "x", "c": "y"])
        #expect(
            apply(labels, try RelabelConfiguration(sourceLabels: ["a"], targetLabel: "b", action: .keepequal)) == labels
        )
        #expect(
            apply(labels, try RelabelConfiguration(sourceLabels: ["a"], targetLabel: "c", action: .keepequal)) == nil)
        #expect(
            apply(labels, try RelabelConfiguration(sourceLabels: ["a"], targetLabel: "b", action: .dropequal)) == nil)
        #expect(
            apply(labels, try RelabelConfiguration(sourceLabels: ["a"], targetLabel: "c", action: .dropequal)) == labels
        )
    }

    /// The values of Prometheus' own tests.
    @Test func hashmodSpreadsAsPrometheusDoes() throws {
        #expect(
            apply(
                Labels(["a": "foo", "b": "bar", "c": "baz"]),
                try RelabelConfiguration(sourceLabels: ["c"], modulus: 1000, targetLabel: "d", action: .hashmod))?["d"]
                == "976")
        #expect(
            apply(
                Labels(["a": "foo\nbar"]),
                try RelabelConfiguration(sourceLabels: ["a"], modulus: 1000, targetLabel: "b", action: .hashmod))?["b"]
                == "734")
    }

    @Test func md5AgreesWithTheRFC() {
        func hex(_ text: String) -> String {
            MD5.hash(text.utf8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        #expect(hex("") == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(hex("message digest") == "f96b697d7cb7938d525a2f31aaf161d0")
        #expect(
            hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890")
                == "57edf4a22be3c955ac49da2e2107b67a")
    }

    @Test func labelNamesAreMappedDroppedAndKept() throws {
        let labels = Labels(["a": "foo", "b1": "bar", "b2": "baz"])
        #expect(
            apply(labels, try RelabelConfiguration(regex: "(b.*)", replacement: "bar_${1}", action: .labelmap))
                == Labels(["a": "foo", "b1": "bar", "b2": "baz", "bar_b1": "bar", "bar_b2": "baz"]))
        #expect(apply(labels, try RelabelConfiguration(regex: "(b.*)", action: .labeldrop)) == Labels(["a": "foo"]))
        #expect(
            apply(labels, try RelabelConfiguration(regex: "(b.*)", action: .labelkeep))
                == Labels(["b1": "bar", "b2": "baz"]))
    }

    @Test func caseIsChanged() throws {
        let labels = Labels(["foo": "bAr123Foo"])
        #expect(
            apply(
                labels, try RelabelConfiguration(sourceLabels: ["foo"], targetLabel: "up", action: .uppercase),
                try RelabelConfiguration(sourceLabels: ["foo"], targetLabel: "low", action: .lowercase))
                == Labels(["foo": "bAr123Foo", "low": "bar123foo", "up": "BAR123FOO"]))
    }

    @Test(arguments: [
        (
            RelabelAction.replace, "", "", UInt64(0),
            "relabel configuration for replace action requires 'target_label' value"
        ),
        (.hashmod, "x", "", 0, "relabel configuration for hashmod requires non-zero modulus"),
        (.lowercase, "x", "y", 0, "'replacement' can not be set for lowercase action"),
        (.labelmap, "", "", 0, "\"\" is invalid 'replacement' for labelmap action"),
        (
            .dropequal, "x", "$1", 5,
            "dropequal action requires only 'source_labels' and `target_label`, and no other fields"
        ),
        (.labeldrop, "x", "$1", 0, "labeldrop action requires only 'regex', and no other fields"),
    ])
    func whatMakesNoSenseIsRefused(
        _ action: RelabelAction, _ target: String, _ replacement: String, _ modulus: UInt64, _ text: String
    ) {
        #expect(throws: RelabelError.self) {
            do {
                _ = try RelabelConfiguration(
                    modulus: modulus, targetLabel: target,
                    replacement: replacement.isEmpty && action != .labelmap ? "$1" : replacement, action: action)
            } catch {
                #expect("\(error)" == text)
                throw error
            }
        }
    }

    @Test func aPatternThatIsNoneIsRefusedInGosWords() {
        #expect(
            throws: RelabelError(field: "regex", description: "error parsing regexp: missing closing ): `^(?s:()$`")
        ) {
            try RelabelConfiguration(sourceLabels: ["a"], regex: "(", action: .keep)
        }
    }

    @Test func aStepSurvivesASnapshot() throws {
        let step = try RelabelConfiguration(
            sourceLabels: ["a", "b"], separator: "", regex: "x(.*)", modulus: 7, targetLabel: "t", replacement: "y",
            action: .hashmod)
        var writer = BinaryWriter()
        writer.write(step)
        var reader = BinaryReader(writer.bytes)
        #expect(try reader.read(RelabelConfiguration.self) == step)
        for count in 0..<writer.bytes.count {
            var reader = BinaryReader(Array(writer.bytes.prefix(count)))
            #expect(throws: (any Error).self) { try reader.read(RelabelConfiguration.self) }
        }
    }
}
