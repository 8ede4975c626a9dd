/// Checks that many kinds share.
extension FieldErrors {
    mutating func invalid(_ path: FieldPath, _ value: IntOrString, _ detail: String) {
        invalid(path, json: value.jsonValue, detail)
    }

    mutating func invalid(_ path: FieldPath, _ value: Quantity, _ detail: String) {
        invalid(path, value.description, detail)
    }

    /// A value that must be one of a few, in Kubernetes' sorted list; empty counts as missing if `required`.
    mutating func choice(_ path: FieldPath, _ value: String, _ choices: [String], required: Bool = false) {
        if required, value.isEmpty { return self.required(path) }
        if !choices.contains(value) { unsupported(path, value, choices) }
    }

    mutating func port(_ value: Int32, _ path: FieldPath) {
        for problem in NameRules.portNumber(value) { invalid(path, value, problem) }
    }

    /// A port by number or by name (`ValidatePortNumOrName`).
    mutating func port(_ value: IntOrString, _ path: FieldPath) {
        switch value {
        case .int(let number): port(number, path)
        case .string(let name): invalid(path, name, NameRules.portName(name))
        }
    }

    /// A number, or a percentage as text (`ValidatePositiveIntOrPercent`).
    mutating func numberOrPercent(_ value: IntOrString, _ path: FieldPath) {
        switch value {
        case .int(let number): nonnegative(number, path)
        case .string(let text): for problem in NameRules.percentage(text) { invalid(path, value, problem) }
        }
    }

    mutating func atMost100Percent(_ value: IntOrString, _ path: FieldPath) {
        if let percent = value.percent, percent > 100 { invalid(path, value, "must not be greater than 100%") }
    }

    /// An address; `family` is 4 or 6 if only that one will do.
    mutating func address(_ value: String, _ path: FieldPath) {
        if IPAddress(value) == nil {
            invalid(path, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
        }
    }
}

extension IntOrString {
    /// The number before `%`; nil for numbers and for texts that are no percentage.
    var percent: Int? {
        guard case .string(let text) = self, NameRules.percentage(text).isEmpty else { return nil }
        return Int(text.dropLast()) ?? .max
    }

    /// 0, or 0%.
    var isZeroOrZeroPercent: Bool { self == .int(0) || percent == 0 }
}

extension LabelSelector {
    var isEmpty: Bool { matchLabels.isEmpty && matchExpressions.isEmpty }

    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        MetadataValidation.validateLabels(matchLabels, path.child("matchLabels"), &errors)
        for (index, requirement) in matchExpressions.enumerated() {
            requirement.validate(&errors, path.child("matchExpressions").index(index))
        }
    }
}

extension LabelSelectorRequirement {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        switch `operator` {
        case "In", "NotIn":
            if values.isEmpty {
                errors.required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'")
            }
        case "Exists", "DoesNotExist":
            if !values.isEmpty {
                errors.forbidden(
                    path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
            }
        default: errors.invalid(path.child("operator"), `operator`, "not a valid selector operator")
        }
        errors.invalid(path.child("key"), key, NameRules.qualifiedName(key))
        for (index, value) in values.enumerated() {
            errors.invalid(path.child("values").index(index), value, NameRules.labelValue(value))
        }
    }
}
