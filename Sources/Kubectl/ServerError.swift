import KubernetesAPI

/// How kubectl words what the API server refused (`cli-runtime`, `cmd/util/helpers.go`).
enum ServerError {
    /// - Parameter action: such as `error when creating "web.yaml"`; empty for none.
    static func text(_ status: APIStatus, action: String = "") -> String {
        if status.reason == "Invalid" {
            var lines: [String] = []
            for cause in status.causes {
                let line = cause.field.isEmpty ? cause.message : "\(cause.field): \(cause.message)"
                if !lines.contains(line) { lines.append(line) }
            }
            let isNamed = !status.kind.isEmpty || !status.name.isEmpty
            let head = isNamed ? "The \(status.kind) \"\(status.name)\" is invalid" : "The request is invalid"
            if lines.isEmpty { return isNamed || status.message.isEmpty ? head : "\(head): \(status.message)" }
            return lines.count == 1
                ? "\(head): \(lines[0])" : "\(head): \n" + lines.map { "* " + $0 }.joined(separator: "\n")
        }
        let prefix = status.reason.isEmpty ? "Error from server: " : "Error from server (\(status.reason)): "
        return prefix + (action.isEmpty ? "" : action + ": ") + status.message
    }
}
