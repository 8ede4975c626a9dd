import PromQL

/// Steps of relabelling, applied in order.
///
///     let relabelling = Relabelling([try RelabelConfiguration(sourceLabels: ["a"], targetLabel: "b")])
///     relabelling.apply(Labels(["a": "1"]))    // {a="1", b="1"}, or nil where a step drops the set
public struct Relabelling: Sendable, Equatable {
    public let steps: [RelabelConfiguration]

    public init(_ steps: [RelabelConfiguration] = []) { self.steps = steps }

    public var isEmpty: Bool { steps.isEmpty }

    /// The labels after all steps; nil if a step drops them.
    public func apply(_ labels: Labels) -> Labels? {
        if steps.isEmpty { return labels }
        var builder = LabelSetBuilder(labels)
        return apply(&builder) ? builder.labels : nil
    }

    /// Changes a label set by all steps. Returns whether it is kept.
    func apply(_ builder: inout LabelSetBuilder) -> Bool {
        steps.allSatisfy { Self.apply($0, &builder) }
    }

    private static func apply(_ step: RelabelConfiguration, _ builder: inout LabelSetBuilder) -> Bool {
        let value =
            step.sourceLabels.count == 1
            ? builder[step.sourceLabels[0]]
            : step.sourceLabels.map { builder[$0] }.joined(separator: step.separator)
        switch step.action {
        case .keep: return step.pattern.matches(value)
        case .drop: return !step.pattern.matches(value)
        case .keepequal: return ByteOrder.same(builder[step.targetLabel], value)
        case .dropequal: return !ByteOrder.same(builder[step.targetLabel], value)
        case .replace: replace(step, value, &builder)
        case .lowercase: builder.set(step.targetLabel, value.lowercased())
        case .uppercase: builder.set(step.targetLabel, value.uppercased())
        case .hashmod:
            // The last 8 of the 16 bytes, as the first version of Prometheus' code happened to take them.
            let hash = MD5.hash(value.utf8).suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            builder.set(step.targetLabel, String(hash % step.modulus))
        case .labelmap:
            for pair in builder.pairs {
                if let name = step.pattern.replace(pair.name, with: step.replacement), !name.isEmpty {
                    builder.set(name, pair.value)
                }
            }
        case .labeldrop: builder.removeAll { step.pattern.matches($0.name) }
        case .labelkeep: builder.removeAll { !step.pattern.matches($0.name) }
        }
        return true
    }

    private static func replace(_ step: RelabelConfiguration, _ value: String, _ builder: inout LabelSetBuilder) {
        guard let replaced = replacement(step, value) else { return }
        let target =
            step.targetLabel.utf8.contains(UInt8(ascii: "$"))
            ? step.pattern.replace(value, with: step.targetLabel) ?? "" : step.targetLabel
        guard RelabelConfiguration.isValidName(target) else { return }
        builder.set(target, replaced)
    }

    /// The replacement with its groups put in; nil if the value does not match.
    private static func replacement(_ step: RelabelConfiguration, _ value: String) -> String? {
        // Most steps copy a value or set a constant; neither needs to know where the groups lie.
        switch step.shape {
        case .copy: value
        case .copyPresent: value.isEmpty ? nil : value
        case .constant: step.pattern.matches(value) ? step.replacement : nil
        case .general: step.pattern.replace(value, with: step.replacement)
        }
    }
}
