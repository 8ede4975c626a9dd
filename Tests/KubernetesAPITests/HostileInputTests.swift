import Foundation
import Testing

@testable import KubernetesAPI

/// A stream of numbers from a seed.
struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    mutating func below(_ bound: Int) -> Int { bound < 1 ? 0 : Int(next() % UInt64(bound)) }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

/// Manifests to begin with: those of the labs and fixtures, and of the validation cases.
enum SampleManifests {
    static let root: URL = {
        var url = URL(fileURLWithPath: #filePath)
        while url.path != "/", !FileManager.default.fileExists(atPath: url.appendingPathComponent("Package.swift").path)
        {
            url.deleteLastPathComponent()
        }
        return url
    }()

    static let all: [[UInt8]] = {
        var texts: [[UInt8]] = []
        let cases = root.appendingPathComponent("fixtures/conformance/validation/validation_cases.json")
        if let data = try? Data(contentsOf: cases), let value = try? JSONReader.read(Array(data)[...]) {
            for row in value["cases"]?.array ?? [] {
                if let text = row["manifest"]?.string { texts.append(Array(text.utf8)) }
                for step in row["setup"]?.array ?? [] { if let text = step.string { texts.append(Array(text.utf8)) } }
            }
        }
        for folder in ["labs", "fixtures"] {
            let path = root.appendingPathComponent(folder)
            for name in (try? FileManager.default.subpathsOfDirectory(atPath: path.path)) ?? []
            where name.hasSuffix(".yaml") {
                if let data = try? Data(contentsOf: path.appendingPathComponent(name)), data.count < 20_000 {
                    texts.append(Array(data))
                }
            }
        }
        return texts.sorted { $0.lexicographicallyPrecedes($1) }
    }()

    /// The objects of all of them that the API server would take.
    static let objects: [any KubernetesObject] = all.flatMap { text in
        ((try? YAMLReader.documents(text)) ?? []).compactMap { document in object(document.value) }
    }

    static func object(_ value: JSONValue) -> (any KubernetesObject)? {
        guard let row = kind(of: value) else { return nil }
        return (try? row.decode(value))?.object
    }

    static func kind(of value: JSONValue) -> KindRow? {
        KindRow.builtIn.first {
            $0.resource.kind == value["kind"]?.string && $0.resource.apiVersion == value["apiVersion"]?.string
        }
    }
}

/// Input that means harm: nothing crashes, everything ends soon.
@Suite struct HostileInputTests {
    /// What the whole way from a text to an answer does with it.
    private func digest(_ text: [UInt8], replacing olds: [String: any KubernetesObject] = [:]) {
        guard let documents = try? YAMLReader.documents(text) else { return }
        for document in documents {
            _ = document.line(of: "spec.template.spec.containers[0].image")
            guard let row = SampleManifests.kind(of: document.value), let decoded = try? row.decode(document.value)
            else { continue }
            _ = InertFields.paths(in: document.value, kind: row)
            process(decoded.object, olds)
        }
    }

    private func process<Object: KubernetesObject>(_ object: Object, _ olds: [String: any KubernetesObject]) {
        let filled = object.withDefaults()
        try? Validation.check(filled)
        if let old = olds[Object.resource.kind] as? Object {
            try? Validation.check(filled, replacing: old.withDefaults(), subresource: "")
        }
        _ = RequestWarnings.of(object)
        _ = filled.jsonValue.json(indented: true)
        _ = try? Object(protobuf: filled.protobufBytes[...])
    }

    /// Bytes that readers stumble over.
    private static let poison: [[UInt8]] = [
        [0], [0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], Array("\u{feff}".utf8), Array("\u{2028}".utf8), Array("é".utf8),
        Array("99999999999999999999".utf8), Array("-9223372036854775808".utf8), Array("2147483648".utf8),
        Array("1e400".utf8),
        Array("1e-400".utf8), Array(".nan".utf8), Array("-.inf".utf8), Array("0x7fffffffffffffff".utf8),
        Array("1Ei".utf8),
        Array("99999999999999Ei".utf8), Array("1e2147483647".utf8), Array("0.0000000000001n".utf8), Array("~".utf8),
        Array("null".utf8), Array("{}".utf8), Array("[]".utf8), Array("{a: {b: [1]}}".utf8), Array("\"\"".utf8),
        Array("&a ".utf8),
        Array("*a".utf8), Array("<<: *a".utf8), Array("!!binary ".utf8), Array("---\n".utf8), Array("- ".utf8),
        Array(": ".utf8),
        Array("\t".utf8), Array("\n".utf8), Array("|\n".utf8), Array("? ".utf8), Array("%%%".utf8), Array("200%".utf8),
        Array("$(A)".utf8), Array("../..".utf8), Array("None".utf8), Array("::1".utf8), Array("2001:db8::/129".utf8),
        Array("* * * * *".utf8), Array("@every 1h".utf8), Array("2026-13-40T99:99:99Z".utf8),
    ]

    private func mutated(_ source: [UInt8], _ random: inout SeededNumbers) -> [UInt8] {
        var text = source
        for _ in 0...random.below(4) {
            guard !text.isEmpty else { break }
            let place = random.below(text.count)
            switch random.below(8) {
            case 0: text[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: text.remove(at: place)
            case 2: text.insert(contentsOf: random.pick(Self.poison), at: place)
            case 3:
                // The value of a field.
                if let colon = text[place...].firstIndex(of: UInt8(ascii: ":")) {
                    let end = text[colon...].firstIndex(where: { [10, 44, 125, 93].contains($0) }) ?? text.count
                    text.replaceSubrange((colon + 1)..<end, with: [32] + random.pick(Self.poison))
                }
            case 4:
                let end = min(text.count, place + random.below(40))
                text.insert(contentsOf: text[place..<end], at: random.below(text.count))
            case 5:
                let end = min(text.count, place + random.below(30))
                text.removeSubrange(place..<end)
            case 6:
                let other = random.pick(SampleManifests.all)
                let start = random.below(other.count)
                text.insert(contentsOf: other[start..<min(other.count, start + random.below(60))], at: place)
            default: text.swapAt(place, random.below(text.count))
            }
        }
        return text
    }

    static let mutations = ProcessInfo.processInfo.environment["KUBELAB_FUZZ"].flatMap(Int.init) ?? 100_000
    /// So many mutations a test, so that all processors have something to do.
    static let batch = 2_500

    /// `KUBELAB_FUZZ` many mutations, 100,000 by default; `KUBELAB_FUZZ=1 KUBELAB_FUZZ_SEED=…` repeats one.
    @Test(arguments: Array(stride(from: 0, to: mutations, by: batch))) func manifestFuzz(from first: Int) throws {
        let seed =
            ProcessInfo.processInfo.environment["KUBELAB_FUZZ_SEED"].flatMap(UInt64.init) ?? 20_261_126
        let samples = SampleManifests.all
        try #require(samples.count > 100)
        let olds = Self.olds
        let before = Memory.resident
        for number in first..<min(Self.mutations, first + Self.batch) {
            let own = seed &+ UInt64(number)
            var random = SeededNumbers(seed: own)
            let text = mutated(random.pick(samples), &random)
            let took = Self.work { digest(text, replacing: olds) }
            #expect(took < 5, "KUBELAB_FUZZ=1 KUBELAB_FUZZ_SEED=\(own) took \(took) s")
        }
        // Other tests run meanwhile, so the bound is wide: it finds what grows with each text.
        if let before, let after = Memory.resident {
            #expect(after < before + 1_500 << 20, "mutations from seed \(seed &+ UInt64(first)) on kept memory")
        }
    }

    /// Seconds of processor time that something takes on this thread: a busy machine makes them no more.
    private static func work(_ body: () -> Void) -> Double {
        func spent() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let before = spent()
        body()
        return spent() - before
    }

    private static let olds = Dictionary(
        SampleManifests.objects.map { (type(of: $0).resource.kind, $0) }, uniquingKeysWith: { first, _ in first })

    private enum Memory {
        /// Bytes of this process that are in memory; nil where `/proc` does not say.
        static var resident: Int? {
            guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
            let fields = text.split(separator: " ")
            return fields.count > 1 ? Int(fields[1]).map { $0 * 4_096 } : nil
        }
    }

    @Test func deepNesting() {
        digest(Array(repeating: UInt8(ascii: "["), count: 7 << 20))
        #expect(throws: YAMLError.self) {
            try YAMLReader.documents(Array(repeating: UInt8(ascii: "["), count: 10 << 20))
        }
        #expect(throws: JSONError.self) {
            try JSONReader.read(Array(repeating: UInt8(ascii: "["), count: 10 << 20)[...])
        }
        let braces = Array(String(repeating: "{\"a\":", count: 200_000).utf8)
        #expect(throws: JSONError.self) { try JSONReader.read(braces[...]) }
    }

    @Test func hugeNumbers() throws {
        for text in ["9e999999999", "1e400", "-1e400"] {
            #expect(throws: JSONError.self) { try JSONReader.read(Array(text.utf8)[...]) }
        }
        let big = String(repeating: "9", count: 100_000)
        #expect(throws: (any Error).self) { try JSONReader.read(Array(big.utf8)[...]) }
        // Quantities saturate.
        #expect(try Quantity(parsing: big).value == .max)
        #expect(try Quantity(parsing: "1e2147483647").value == .max)
        #expect(try Quantity(parsing: "-" + big + "Ei").value < 0)
        #expect(try Quantity(parsing: "0." + String(repeating: "0", count: 10_000) + "1").milliValue == 1)
    }

    @Test func badTexts() {
        let pod =
            "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\0b\"}\nspec: {containers: [{name: c, image: \"x\\0\"}]}\n"
        digest(Array(pod.utf8))
        digest(Array("apiVersion: v1\nkind: Pod\nmetadata: {name: ".utf8) + [0xff, 0xfe, 0x80] + Array("}\n".utf8))
        digest([0xfe, 0xff, 0x00])
        digest([0xff, 0xfe, 0x61])
    }

    @Test func manyItems() {
        let ports = (0..<20_000).map { "{containerPort: \($0), hostPort: \($0)}" }.joined(separator: ", ")
        let env = (0..<20_000).map { "{name: \"A B=\($0)\", value: x}" }.joined(separator: ", ")
        let text =
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: x, ports: [\(ports)], env: [\(env)]}]}\n"
        #expect(Self.work { digest(Array(text.utf8)) } < 20)
    }

    @Test func randomProtobuf() {
        var random = SeededNumbers(seed: 7)
        for _ in 0..<2_000 {
            let bytes = (0..<random.below(80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            _ = try? Pod(protobuf: bytes[...])
            _ = try? Deployment(protobuf: bytes[...])
        }
    }
}
