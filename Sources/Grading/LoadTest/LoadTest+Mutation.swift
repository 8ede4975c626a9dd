import KubernetesAPI

extension LoadTest {
    /// Changes of a load test that somebody might make: each number ten times and a tenth, each rule and each burst taken
    /// away, the provider replaced by a stand-in.
    static func mutations(of text: String) -> [(name: String, text: String)] {
        guard let value = (try? YAMLReader.documents(text))?.first?.value else { return [] }
        var mutations: [(name: String, text: String)] = []
        func add(_ name: String, _ steps: [FieldStep], _ change: JSONValue?) {
            let bytes = value.setting(steps, to: change).compactBytes
            mutations.append((name, String(decoding: bytes, as: UTF8.self) + "\n"))
        }
        for change in FieldChange.all(of: value) {
            add("LoadTest \(change.path) \(change.words)", change.steps, change.value)
        }
        for list in [["spec", "pass"], ["spec", "load", "bursts"]] {
            let path = list.joined(separator: ".")
            guard case .array(let elements)? = value.value(at: path), elements.count > 1 || list.last == "bursts" else {
                continue
            }
            for index in elements.indices {
                add("LoadTest \(path)[\(index)] removed", list.map(FieldStep.member) + [.index(index)], nil)
            }
        }
        if value.value(at: "spec.provider") != .string("stub") {
            add("LoadTest spec.provider stub", [.member("spec"), .member("provider")], .string("stub"))
        }
        return mutations
    }
}
