import KubernetesAPI

extension Runbook {
    /// Changes of a runbook that somebody might make: each step left out, each threshold ten times and a tenth, each
    /// look decided the other way round, each action replaced by the next one in the runbook.
    static func mutations(of text: String) -> [(name: String, text: String)] {
        guard let value = (try? YAMLReader.documents(text))?.first?.value,
            case .array(let steps)? = value.value(at: "spec.steps")
        else { return [] }
        var mutations: [(name: String, text: String)] = []
        func add(_ name: String, _ changed: [JSONValue]) {
            let whole = value.setting([.member("spec"), .member("steps")], to: .array(changed))
            mutations.append((name, String(decoding: whole.compactBytes, as: UTF8.self) + "\n"))
        }
        func title(_ index: Int) -> String { steps[index]["name"]?.string ?? "spec.steps[\(index)]" }
        func kind(_ step: JSONValue) -> String? {
            ["restart", "rollback", "scale"].first { step[$0] != nil }
        }
        for (index, step) in steps.enumerated() {
            if steps.count > 1 { add("step \(title(index)) removed", without(index, steps)) }
            if let text = step["when"]?.string, case .any(let sign, let number)? = LookCondition(parsing: text),
                number != 0
            {
                for (factor, words) in [(10.0, "times 10"), (0.1, "divided by 10")] {
                    var changed = steps
                    changed[index] = step.setting([.member("when")], to: .string("\(sign) \(number * factor)"))
                    add("step \(title(index)) when \(words)", changed)
                }
            }
            if kind(step) == nil, step["wait"] == nil, step["then"] != nil || step["else"] != nil {
                var changed = steps
                changed[index] = step.setting([.member("then")], to: step["else"])
                    .setting([.member("else")], to: step["then"])
                add("step \(title(index)) then and else swapped", changed)
            }
        }
        let actions = steps.indices.filter { kind(steps[$0]) != nil }
        for (place, index) in actions.enumerated() where actions.count > 1 {
            let other = actions[(place + 1) % actions.count]
            guard let mine = kind(steps[index]), let its = kind(steps[other]) else { continue }
            var changed = steps
            changed[index] = steps[index].setting([.member(mine)], to: nil)
                .setting([.member(its)], to: steps[other][its])
            add("step \(title(index)) does what \(title(other)) does", changed)
        }
        return mutations
    }

    /// The steps without one; who would have gone there goes to the step behind it.
    private static func without(_ index: Int, _ steps: [JSONValue]) -> [JSONValue] {
        var rest = steps
        let gone = rest.remove(at: index)
        guard let name = gone["name"]?.string else { return rest }
        let heir =
            rest.indices.contains(index) ? rest[index]["name"]?.string ?? RunbookStep.endTarget : RunbookStep.endTarget
        for place in rest.indices {
            for field in ["then", "else"] where rest[place][field]?.string == name {
                rest[place] = rest[place].setting([.member(field)], to: .string(heir))
            }
        }
        return rest
    }
}
