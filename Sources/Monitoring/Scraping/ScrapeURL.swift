import PromQL

/// The URL of a target, as Go's `net/url` writes it.
enum ScrapeURL {
    static func text(_ labels: Labels, _ job: ScrapeConfiguration) -> String {
        var path = labels["__metrics_path__"]
        if !path.isEmpty, !path.hasPrefix("/") { path = "/" + path }
        var parameters = job.parameters
        for label in labels.pairs where label.name.hasPrefix("__param_") {
            let name = String(label.name.dropFirst("__param_".count))
            if let place = parameters.firstIndex(where: { $0.name == name }) {
                if parameters[place].values.isEmpty {
                    parameters[place].values = [label.value]
                } else {
                    parameters[place].values[0] = label.value
                }
            } else {
                parameters.append(.init(name, [label.value]))
            }
        }
        let query = parameters.sorted { ByteOrder.less($0.name, $1.name) }.flatMap { parameter in
            parameter.values.map { escaped(parameter.name, keeping: "") + "=" + escaped($0, keeping: "") }
        }.joined(separator: "&")
        let scheme = labels["__scheme__"]
        return (scheme.isEmpty ? "" : scheme + ":") + "//" + labels["__address__"] + escaped(path, keeping: "$&+,/:;=@")
            + (query.isEmpty ? "" : "?" + query)
    }

    /// Percent-encoding; in a query a space becomes a plus sign.
    private static func escaped(_ text: String, keeping reserved: String) -> String {
        let kept = Set("-_.~".utf8).union(reserved.utf8)
        var out = ""
        for byte in text.utf8 {
            let isWord = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            if isWord || kept.contains(byte) {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else if byte == 32, reserved.isEmpty {
                out += "+"
            } else {
                out += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return out
    }
}
