import PromQL
import Simulation

/// What a relabelling step does (`action`).
public enum RelabelAction: String, Sendable, CaseIterable, BinaryCodable {
    case replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase
}

/// Why a relabelling step is refused, in Prometheus' words.
public struct RelabelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The field that is at fault, such as `target_label`.
    public let field: String
    public let description: String
}

/// One step of relabelling, as `relabel_configs` and `metric_relabel_configs` list them.
///
///     let step = try RelabelConfiguration(sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "pod")
///
/// Follows `model/relabel` of Prometheus 3: names may be any UTF-8, the pattern must match the whole value.
public struct RelabelConfiguration: Sendable, Equatable {
    public static let defaultSeparator = ";"
    public static let defaultRegex = "(.*)"
    public static let defaultReplacement = "$1"

    /// The labels whose values are joined; a label that is not there counts as empty.
    public let sourceLabels: [String]
    public let separator: String
    /// The pattern as it was written.
    public let regex: String
    public let modulus: UInt64
    public let targetLabel: String
    public let replacement: String
    public let action: RelabelAction
    let pattern: AnchoredRegex
    let shape: Shape

    /// What a replacement comes to.
    enum Shape: Sendable {
        /// The value as it is.
        case copy
        /// The value if it is not empty.
        case copyPresent
        /// The same text for each value that matches.
        case constant
        /// A text with groups of the match.
        case general

        init(regex: String, replacement: String) {
            switch (regex, replacement) {
            case ("(.*)", "$1"), ("(.*)", "${1}"): self = .copy
            case ("(.+)", "$1"), ("(.+)", "${1}"): self = .copyPresent
            default: self = replacement.utf8.contains(UInt8(ascii: "$")) ? .general : .constant
            }
        }
    }

    /// Checks the step as Prometheus does when it reads the file.
    public init(
        sourceLabels: [String] = [], separator: String = defaultSeparator, regex: String = defaultRegex,
        modulus: UInt64 = 0, targetLabel: String = "", replacement: String = defaultReplacement,
        action: RelabelAction = .replace
    ) throws(RelabelError) {
        self.sourceLabels = sourceLabels
        self.separator = separator
        self.regex = regex
        self.modulus = modulus
        self.targetLabel = targetLabel
        self.replacement = replacement
        self.action = action
        shape = Shape(regex: regex, replacement: replacement)
        do {
            pattern = try AnchoredRegex(regex)
        } catch {
            // Go compiles the pattern with its anchors, and where the whole is at fault it prints them.
            let shown = error.expression == regex ? "^(?s:\(regex))$" : error.expression
            throw RelabelError(field: "regex", description: "error parsing regexp: \(error.code): `\(shown)`")
        }
        try validate()
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.action == b.action && a.sourceLabels == b.sourceLabels && a.separator == b.separator && a.regex == b.regex
            && a.modulus == b.modulus && a.targetLabel == b.targetLabel && a.replacement == b.replacement
    }

    private func validate() throws(RelabelError) {
        func refuse(_ field: String, _ text: String) throws(RelabelError) {
            throw RelabelError(field: field, description: text)
        }
        if action == .hashmod, modulus == 0 {
            try refuse("modulus", "relabel configuration for hashmod requires non-zero modulus")
        }
        let needsTarget: Bool
        switch action {
        case .replace, .hashmod, .lowercase, .uppercase, .keepequal, .dropequal: needsTarget = true
        case .keep, .drop, .labelmap, .labeldrop, .labelkeep: needsTarget = false
        }
        if needsTarget, targetLabel.isEmpty {
            try refuse(
                "target_label",
                "relabel configuration for \(action.rawValue) action requires 'target_label' value")
        }
        if needsTarget, !Self.isValidName(targetLabel) {
            try refuse(
                "target_label",
                "\(GoQuote.quote(targetLabel)) is invalid 'target_label' for \(action.rawValue) action")
        }
        switch action {
        case .lowercase, .uppercase, .keepequal, .dropequal:
            if replacement != Self.defaultReplacement {
                try refuse("replacement", "'replacement' can not be set for \(action.rawValue) action")
            }
        case .labelmap:
            if !Self.isValidName(replacement) {
                try refuse(
                    "replacement", "\(GoQuote.quote(replacement)) is invalid 'replacement' for labelmap action")
            }
        case .replace, .keep, .drop, .hashmod, .labeldrop, .labelkeep: break
        }
        if action == .keepequal || action == .dropequal,
            regex != Self.defaultRegex || modulus != 0 || separator != Self.defaultSeparator
        {
            try refuse(
                "action",
                "\(action.rawValue) action requires only 'source_labels' and `target_label`, and no other fields")
        }
        if action == .labeldrop || action == .labelkeep,
            !sourceLabels.isEmpty || !targetLabel.isEmpty || modulus != 0 || separator != Self.defaultSeparator
                || replacement != Self.defaultReplacement
        {
            try refuse("action", "\(action.rawValue) action requires only 'regex', and no other fields")
        }
    }

    /// Prometheus 3 takes any text but the empty one; bytes that were no UTF-8 were replaced when they were read.
    static func isValidName(_ name: String) -> Bool { !name.isEmpty && !name.unicodeScalars.contains("\u{FFFD}") }
}

extension RelabelConfiguration: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(sourceLabels)
        writer.write(separator)
        writer.write(regex)
        writer.write(modulus)
        writer.write(targetLabel)
        writer.write(replacement)
        writer.write(action)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let sourceLabels: [String] = try reader.read()
        let separator: String = try reader.read()
        let regex: String = try reader.read()
        let modulus: UInt64 = try reader.read()
        let targetLabel: String = try reader.read()
        let replacement: String = try reader.read()
        let action: RelabelAction = try reader.read()
        do throws(RelabelError) {
            try self.init(
                sourceLabels: sourceLabels, separator: separator, regex: regex, modulus: modulus,
                targetLabel: targetLabel, replacement: replacement, action: action)
        } catch {
            throw .malformed(what: "RelabelConfiguration", offset: reader.offset)
        }
    }
}
