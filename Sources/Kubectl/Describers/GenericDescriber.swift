import KubernetesAPI
import OrderedCollections

/// Describes a kind that has no describer of its own, field by field (`genericDescriber`).
enum GenericDescriber {
    static func describe(
        _ fetched: FetchedObject, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        var metadata = ObjectMeta()
        metadata.name = fetched.name
        metadata.namespace = fetched.namespace
        metadata.uid = fetched.value["metadata"]?["uid"]?.string ?? ""
        metadata.labels = texts(fetched.value["metadata"]?["labels"])
        metadata.annotations = texts(fetched.value["metadata"]?["annotations"])
        writer.header(metadata)
        guard case .object(var members) = fetched.value else { return }
        if case .object(var shown)? = members["metadata"] {
            for name in ["name", "namespace", "labels", "annotations", "managedFields"] { shown[name] = nil }
            members["metadata"] = .object(shown)
        }
        write(members, level: 0, &writer)
        writer.events(endpoint.events(kind: fetched.kind.resource.kind, metadata))
    }

    private static func texts(_ value: JSONValue?) -> [String: String] {
        var texts: [String: String] = [:]
        for (key, text) in value?.object ?? [:] { texts[key] = text.string ?? "" }
        return texts
    }

    private static func write(
        _ members: OrderedDictionary<String, JSONValue>, level: Int, _ writer: inout DescriptionWriter
    ) {
        for (name, value) in members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            let title = label(name)
            switch value {
            case .object(let inner):
                writer.line(level, title + ":")
                write(inner, level: level + 1, &writer)
            case .array(let elements):
                writer.line(level, title + ":")
                for element in elements {
                    if case .object(let inner) = element {
                        write(inner, level: level + 1, &writer)
                    } else {
                        writer.line(level + 1, JSONPathEvaluator.goText(element))
                    }
                }
            default: writer.field(title, JSONPathEvaluator.goText(value), level: level)
            }
        }
    }

    /// `creationTimestamp` as `Creation Timestamp`, `apiVersion` as `API Version`.
    private static func label(_ name: String) -> String {
        guard !name.contains("/"), !name.contains(".") else { return name }
        var words: [String] = []
        for character in name {
            if character.isUppercase, words.last?.last?.isUppercase != true { words.append("") }
            if words.isEmpty { words.append("") }
            words[words.count - 1].append(character)
        }
        return words.map { word in
            ["api", "url", "uid", "osb", "guid"].contains(word.lowercased())
                ? word.uppercased() : word.prefix(1).uppercased() + word.dropFirst()
        }.joined(separator: " ")
    }
}
