import KubernetesAPI
import PromQL

/// Says which structure a field stands twice in: the YAML reader knows mappings only, and Prometheus names its types.
struct RepeatedFields {
    /// What the YAML reader says of a key that comes again.
    static let mark = " already set in map"

    private let document: YAMLDocument

    init(_ document: YAMLDocument) { self.document = document }

    /// The message with `field x already set in type config.ScrapeConfig` where the type is known.
    func named(_ message: String) -> String {
        message.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard line.hasSuffix(Self.mark), let (number, key) = Self.parts(line), let type = type(of: key, at: number)
            else { return String(line) }
            return "  line \(number): field \(key) already set in type \(type)"
        }.joined(separator: "\n")
    }

    /// The line's number and the key of `line 3: key "job_name" already set in map`.
    private static func parts(_ line: Substring) -> (line: Int, key: String)? {
        let words = line.split(separator: ":", maxSplits: 1)
        guard words.count == 2, let number = words[0].split(separator: " ").last.flatMap({ Int($0) }),
            let start = words[1].firstIndex(of: "\""),
            let key = GoQuote.unquote(String(words[1][start...].dropLast(Self.mark.count)))
        else { return nil }
        return (number, key)
    }

    private func type(of key: String, at line: Int) -> String? {
        sections.first {
            document.position(of: $0.path.isEmpty ? key : $0.path + "." + key).line == line
                && $0.value[key] != nil
        }?.type
    }

    /// The mappings of a file whose fields are a structure's, innermost last.
    private var sections: [(path: String, value: JSONValue, type: String)] {
        let root = document.value
        var sections: [(path: String, value: JSONValue, type: String)] = [("", root, "config.plain")]
        for name in ["global", "alerting", "storage"] {
            if let value = root[name] { sections.append((name, value, "config.plain")) }
        }
        for (index, job) in (root["scrape_configs"]?.array ?? []).enumerated() {
            let path = "scrape_configs[\(index)]"
            sections.append((path, job, "config.ScrapeConfig"))
            for (field, type) in [
                ("relabel_configs", "relabel.plain"), ("metric_relabel_configs", "relabel.plain"),
                ("kubernetes_sd_configs", "kubernetes.plain"),
            ] {
                for (place, value) in (job[field]?.array ?? []).enumerated() {
                    sections.append(("\(path).\(field)[\(place)]", value, type))
                }
            }
        }
        for (index, value) in (root["remote_write"]?.array ?? []).enumerated() {
            sections.append(("remote_write[\(index)]", value, "config.plain"))
        }
        return sections
    }
}
