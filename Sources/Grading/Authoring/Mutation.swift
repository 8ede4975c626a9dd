import Kubectl
import KubernetesAPI
import OrderedCollections

/// A change of the solution that somebody might make by mistake or to get by.
struct Mutation: Sendable {
    /// `gateway.yaml: Deployment/gateway spec.template.spec.containers[0].readinessProbe removed`
    var name: String
    var submission: Submission

    /// All mutations of a submission, in the order of files, documents and fields.
    ///
    /// For each number, ten times and a tenth of it; two numbers side by side, and requests and limits, swapped; each
    /// optional part that decides behaviour removed; each document deleted; and the shortcuts: the autoscaler pinned to
    /// its maximum, or deleted with as many replicas as it could have had.
    static func all(of submission: Submission, in exercise: Exercise) -> [Mutation] {
        var mutations: [Mutation] = []
        for (place, file) in submission.files.enumerated() {
            if file.name == exercise.content.trial.candidates?.test {
                for (name, text) in LoadTest.mutations(of: file.text) {
                    var changed = submission
                    changed.files[place].text = text
                    mutations.append(Mutation(name: "\(file.name): \(name)", submission: changed))
                }
                continue
            }
            if let duty = exercise.content.telemetry, duty.files.contains(file.name) {
                for (name, text) in duty.mutations(of: file) {
                    var changed = submission
                    changed.files[place].text = text
                    mutations.append(Mutation(name: "\(file.name): \(name)", submission: changed))
                }
                continue
            }
            if file.name == exercise.content.trial.runbook?.file {
                for (name, text) in Runbook.mutations(of: file.text) {
                    var changed = submission
                    changed.files[place].text = text
                    mutations.append(Mutation(name: "\(file.name): \(name)", submission: changed))
                }
                continue
            }
            let objects = ManifestFile(name: file.name, bytes: Array(file.text.utf8))
                .objects(in: exercise.scenario.scenario).objects
            func add(_ name: String, _ values: [JSONValue]) {
                var changed = submission
                changed.files[place].text = values.map { String(decoding: $0.compactBytes, as: UTF8.self) + "\n" }
                    .joined()
                mutations.append(Mutation(name: "\(file.name): \(name)", submission: changed))
            }
            let values = objects.map(\.value)
            for (index, object) in objects.enumerated() {
                let label = "\(object.kind.resource.kind)/\(object.name)"
                if values.count > 1 {
                    var rest = values
                    rest.remove(at: index)
                    add("\(label) deleted", rest)
                }
                for change in FieldChange.all(of: object.value) where !isFixed(change.path, label, exercise) {
                    var changed = values
                    changed[index] = object.value.setting(change.steps, to: change.value)
                    add("\(label) \(change.path) \(change.words)", changed)
                }
                for (kind, least, most) in [
                    ("HorizontalPodAutoscaler", "minReplicas", "maxReplicas"),
                    ("ScaledObject", "minReplicaCount", "maxReplicaCount"),
                ] where object.kind.resource.kind == kind {
                    guard let top = object.value["spec"]?[most] else { continue }
                    var changed = values
                    changed[index] = object.value.setting([.member("spec"), .member(least)], to: top)
                    add("\(label) pinned at its maximum", changed)
                }
            }
        }
        if let pinned = withoutAutoscaler(submission, exercise) { mutations.append(pinned) }
        return mutations
    }

    /// Every autoscaler deleted, and its target with the most replicas that it could have had, in all files.
    private static func withoutAutoscaler(_ submission: Submission, _ exercise: Exercise) -> Mutation? {
        func objects(_ file: Submission.File) -> [ManifestObject] {
            ManifestFile(name: file.name, bytes: Array(file.text.utf8)).objects(in: exercise.scenario.scenario)
                .objects
        }
        var most: [String: JSONValue] = [:]
        for object in submission.files.flatMap(objects) where object.kind.resource.kind == "HorizontalPodAutoscaler" {
            guard let target = object.value["spec"]?["scaleTargetRef"], let kind = target["kind"]?.string,
                let name = target["name"]?.string
            else { continue }
            most["\(kind)/\(name)"] = object.value["spec"]?["maxReplicas"]
        }
        guard !most.isEmpty else { return nil }
        var changed = submission
        for (place, file) in submission.files.enumerated() {
            let kept = objects(file).filter { $0.kind.resource.kind != "HorizontalPodAutoscaler" }
            guard !kept.isEmpty else { return nil }
            changed.files[place].text = kept.map { object -> String in
                var value = object.value
                if let replicas = most["\(object.kind.resource.kind)/\(object.name)"] {
                    value = value.setting([.member("spec"), .member("replicas")], to: replicas)
                }
                return String(decoding: value.compactBytes, as: UTF8.self) + "\n"
            }.joined()
        }
        return Mutation(name: "no autoscaler, replicas at its maximum", submission: changed)
    }

    private static func isFixed(_ path: String, _ object: String, _ exercise: Exercise) -> Bool {
        exercise.content.fixed.contains { part in
            part.object == object && path.hasPrefix(part.path)
        }
    }
}

/// One change of one field.
struct FieldChange {
    var path: String
    var steps: [FieldStep]
    /// Nil: the field is taken away.
    var value: JSONValue?
    var words: String

    /// Parts whose absence changes what happens, not what is valid.
    private static let removable: Set<String> = [
        "resources", "requests", "limits", "readinessProbe", "livenessProbe", "startupProbe", "lifecycle",
        "minReplicas", "minReplicaCount", "fallback", "behavior",
        "strategy", "terminationGracePeriodSeconds", "topologySpreadConstraints", "minReadySeconds",
    ]
    /// Numbers that are names of something rather than amounts.
    private static let identities: Set<String> = ["containerPort", "port", "targetPort"]

    /// Numbers that a trigger of KEDA's has as text.
    private static let triggerNumbers: Set<String> = ["threshold", "activationThreshold", "value", "desiredReplicas"]

    static func all(of object: JSONValue) -> [FieldChange] {
        var changes: [FieldChange] = []
        guard let spec = object["spec"] else { return [] }
        visit(spec, [.member("spec")], "spec", &changes)
        return changes
    }

    private static func visit(_ value: JSONValue, _ steps: [FieldStep], _ path: String, _ changes: inout [FieldChange])
    {
        switch value {
        case .object(let members):
            addSwaps(members, steps, path, &changes)
            for (name, member) in members {
                // The metadata of a trigger are what it looks at.
                let isTrigger = name == "metadata" && path.hasPrefix("spec.triggers[")
                if ["selector", "metadata", "scaleTargetRef"].contains(name), !isTrigger { continue }
                let (inner, innerPath) = (steps + [.member(name)], path + "." + name)
                if removable.contains(name) {
                    changes.append(FieldChange(path: innerPath, steps: inner, value: nil, words: "removed"))
                }
                visit(member, inner, innerPath, &changes)
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                // A named element is written by its name, so that fixed parts are recognised.
                if let name = element["name"]?.string, element["image"] != nil {
                    visit(element, steps + [.named("name", name)], "\(path)[name=\(name)]", &changes)
                } else {
                    visit(element, steps + [.index(index)], "\(path)[\(index)]", &changes)
                }
            }
        case .integer(let number):
            if number == 0 { return }
            if case .member(let name)? = steps.last, identities.contains(name) { return }
            changes.append(
                FieldChange(
                    path: path, steps: steps, value: .integer(number.multipliedReportingOverflow(by: 10).partialValue),
                    words: "times 10"))
            if number >= 10 {
                changes.append(
                    FieldChange(path: path, steps: steps, value: .integer(number / 10), words: "divided by 10"))
            }
        case .string(let text) where path.hasPrefix("spec.triggers["):
            guard case .member(let name)? = steps.last, triggerNumbers.contains(name), let number = Double(text),
                number > 0, number < 1e12
            else { return }
            for (factor, words) in [(10.0, "times 10"), (0.1, "divided by 10")] {
                let changed = (number * factor * 1000).rounded() / 1000
                let isWhole = changed == changed.rounded()
                if name == "desiredReplicas", !isWhole { continue }
                changes.append(
                    FieldChange(
                        path: path, steps: steps, value: .string(isWhole ? "\(Int64(changed))" : "\(changed)"),
                        words: words))
            }
        case .string(let text):
            guard let quantity = try? Quantity(parsing: text), path.contains("resources"), quantity.milliValue > 0
            else { return }
            for (factor, words) in [(10.0, "times 10"), (0.1, "divided by 10")] {
                let milli = Int64(max(1, min(9e15, quantity.doubleValue * factor * 1_000)))
                let isCPU = path.hasSuffix("cpu")
                changes.append(
                    FieldChange(
                        path: path, steps: steps, value: .string(isCPU ? "\(milli)m" : "\(milli / 1_000)"), words: words
                    ))
            }
        case .null, .bool, .number: break
        }
    }
}

extension FieldChange {
    /// Two amounts that stand side by side, each in the other's place; what is asked for and what is allowed.
    private static func addSwaps(
        _ members: OrderedDictionary<String, JSONValue>, _ steps: [FieldStep], _ path: String,
        _ changes: inout [FieldChange]
    ) {
        func swap(_ one: String, _ other: String) {
            var swapped = members
            swapped[one] = members[other]
            swapped[other] = members[one]
            guard !steps.isEmpty, swapped != members else { return }
            changes.append(
                FieldChange(path: path, steps: steps, value: .object(swapped), words: "\(one) and \(other) swapped"))
        }
        if members["requests"] != nil, members["limits"] != nil { swap("requests", "limits") }
        let numbers = members.keys.filter { name in
            if case .integer? = members[name] { !identities.contains(name) } else { false }
        }
        for (place, name) in numbers.enumerated() {
            for other in numbers[(place + 1)...] { swap(name, other) }
        }
    }
}

extension JSONValue {
    /// The value with one field set, or taken away with nil; members on the way that are missing are made.
    func setting(_ steps: [FieldStep], to value: JSONValue?) -> JSONValue {
        guard let step = steps.first else { return value ?? .null }
        let rest = Array(steps.dropFirst())
        switch step {
        case .member(let name):
            guard case .object(var members) = self == .null ? .object([:]) : self else { return self }
            if rest.isEmpty, value == nil {
                members.removeValue(forKey: name)
            } else {
                members[name] = (members[name] ?? .null).setting(rest, to: value)
            }
            return .object(members)
        case .index, .named:
            guard case .array(var elements) = self else { return self }
            let found =
                if case .index(let index) = step {
                    elements.indices.contains(index) ? index : nil
                } else if case .named(let key, let name) = step {
                    elements.firstIndex { $0[key]?.string == name }
                } else {
                    Int?.none
                }
            guard let found else { return self }
            if rest.isEmpty, value == nil {
                elements.remove(at: found)
            } else {
                elements[found] = elements[found].setting(rest, to: value)
            }
            return .array(elements)
        }
    }
}
