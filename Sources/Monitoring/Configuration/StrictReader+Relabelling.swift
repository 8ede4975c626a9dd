import KubernetesAPI

extension StrictReader {
    private static let relabelFields: Set<String> = [
        "source_labels", "separator", "regex", "modulus", "target_label", "replacement", "action",
    ]

    /// The steps of `relabel_configs` and its like. `what` is `target` or `metric`, for the text about an empty step.
    mutating func relabelling(
        _ parent: Section, _ field: String, empty: String
    ) throws(ConfigurationError) -> Relabelling {
        var steps: [RelabelConfiguration] = []
        for (value, path) in list(parent, field, type: "[]*relabel.Config") {
            if value == .null { throw failure(empty, at: path) }
            let before = typeErrors.count
            guard let section = section(value, at: path, type: "relabel.plain", fields: Self.relabelFields) else {
                continue
            }
            let action = string(section, "action") ?? RelabelAction.replace.rawValue
            guard let known = RelabelAction(rawValue: action.lowercased()) else {
                throw failure("unknown relabel action \"\(action)\"", at: section.path(of: "action"))
            }
            let sources = strings(section, "source_labels", type: "model.LabelNames") ?? []
            let separator = string(section, "separator")
            let regex = string(section, "regex")
            let modulus = integer(section, "modulus", type: "uint64") ?? 0
            let target = string(section, "target_label") ?? ""
            let replacement = string(section, "replacement")
            // A structure whose fields do not read is not checked further.
            guard typeErrors.count == before else { continue }
            do throws(RelabelError) {
                steps.append(
                    try RelabelConfiguration(
                        sourceLabels: sources, separator: separator ?? RelabelConfiguration.defaultSeparator,
                        regex: regex ?? RelabelConfiguration.defaultRegex, modulus: UInt64(modulus),
                        targetLabel: target, replacement: replacement ?? RelabelConfiguration.defaultReplacement,
                        action: known))
            } catch {
                throw failure(error.description, at: section.path(of: error.field))
            }
        }
        return Relabelling(steps)
    }
}
