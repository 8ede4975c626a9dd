import KubernetesAPI

/// How kubectl words what the API server refused (`cli-runtime`, `cmd/util/helpers.go`).
enum ServerError {
    /// - Parameter action: such as `error when creating "web.yaml"`; empty for none.
    static func text(_ status: APIStatus, action: String = "") -> String {
        if status.reason == "Invalid", !status.kind.isEmpty {
            var lines: [String] = []
            for cause in status.causes {
                let line = cause.field.isEmpty ? cause.message : "\(cause.field): \(cause.message)"
                if !lines.contains(line) { lines.append(line) }
            }
            let head = "The \(status.kind) \"\(status.name)\" is invalid"
            if lines.isEmpty { return head }
            return lines.count == 1 ? "\(head): \(lines[0])" : "\(head): \n" + lines.map { "* " + $0 }.joined(separator: "\n")
        }
        let prefix = "Error from server (\(status.reason)): "
        return prefix + (action.isEmpty ? "" : action + ": ") + status.message
    }
}
