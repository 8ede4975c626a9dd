import Kubectl
import KubernetesAPI
import Lab

/// Names that nothing answers to: a criterion that looks at nothing is dead, a fault that hits nothing never comes.
extension Exercise {
    /// The objects of an answer and of the scenario, as `deployment/NAME` and so on.
    private var knownObjects: Set<String> {
        var names: Set<String> = []
        func add(_ file: String, _ text: String) {
            let objects = ManifestFile(name: file, bytes: Array(text.utf8))
                .objects(in: scenario.scenario).objects
            for object in objects {
                let kind = object.kind.resource.kind
                names.insert("\(kind == "HorizontalPodAutoscaler" ? "hpa" : kind.lowercased())/\(object.name)")
            }
        }
        for manifest in scenario.manifests { add(manifest.name, manifest.text) }
        for answer in ["solution", "starter"] {
            for file in Submission.read(folder + "/" + answer, for: self).submission.files { add(file.name, file.text) }
        }
        return names
    }

    /// Criteria about objects that neither the solution nor the starter nor the scenario has, and criteria that say the
    /// same as another.
    func lintNames() -> [ConfigurationError] {
        let known = knownObjects
        var findings: [ConfigurationError] = []
        for (index, expression) in expressions.enumerated() {
            let path = "criteria[\(index)].expect"
            for measurement in CriterionNeeds([expression]).measurements {
                let subject = String(measurement[..<(measurement.lastIndex(of: ".") ?? measurement.endIndex)])
                let kinds = ["deployment/": "deployment/", "deploy/": "deployment/", "hpa/": "hpa/"]
                for (prefix, kind) in kinds.sorted(by: { $0.key < $1.key }) where subject.hasPrefix(prefix) {
                    let name = kind + subject.dropFirst(prefix.count)
                    guard !known.contains(name) else { continue }
                    findings.append(
                        source.error(
                            path, "looks at \(name), which neither the solution nor the starter nor the scenario has"))
                }
            }
            if let same = expressions[..<index].firstIndex(where: { $0.claim == expression.claim }) {
                findings.append(
                    source.error(path, "says the same as \(content.criteria[same].id), so one of them is dead"))
            }
        }
        return findings
    }

    /// Faults that come too late or hit nothing.
    func lintFaults() -> [ConfigurationError] {
        let nodes = scenario.scenario.nodes + scenario.scenario.nodeGroups.map(\.template)
        var findings: [ConfigurationError] = []
        for (index, fault) in scenario.scenario.faults.enumerated() {
            func find(_ field: String, _ message: String) {
                findings.append(
                    ConfigurationError(
                        file: folder + "/scenario.yaml", path: "faults[\(index)].\(field)",
                        message: "fault \(fault.name) \(message)"))
            }
            if let at = fault.at, at >= content.trial.duration { find("at", "comes after the end of the trial") }
            switch fault.effect {
            case .zone(let zone, _) where !nodes.contains { $0.zone == zone }:
                find("zone", "hits the zone \(zone), in which there is no node")
            case .node(let name, _) where !nodes.contains { name == $0.name || name.hasPrefix($0.name + "-") }:
                find("node", "hits the node \(name), which the scenario does not have")
            case .drain(let name) where !nodes.contains { name == $0.name || name.hasPrefix($0.name + "-") }:
                find("drain", "hits the node \(name), which the scenario does not have")
            case .zone, .node, .drain, .workload, .restart: break
            }
        }
        return findings
    }

    /// Accepted mutants that nobody makes.
    func lintAccepted() -> [ConfigurationError] {
        guard !content.accepted.isEmpty else { return [] }
        let (solution, _) = Submission.read(folder + "/solution", for: self)
        let names = Mutation.all(of: solution, in: self).map(\.name)
        return content.accepted.enumerated().compactMap { index, entry in
            guard !names.contains(where: { TrialRecording.matches($0, entry.name) }) else { return nil }
            return source.error(
                "accepted[\(index)].name",
                "\"\(entry.name)\" is no mutant of the solution; 'author verify' prints their names")
        }
    }

    /// Names of fields in which the solution differs from the starter, if they are names and no everyday words: a text
    /// that uses one of them points at the answer.
    func changedFields() -> [String] {
        let (starter, _) = Submission.read(folder + "/starter", for: self)
        let (solution, _) = Submission.read(folder + "/solution", for: self)
        func leaves(_ submission: Submission) -> Set<String> {
            var found: Set<String> = []
            for file in submission.files {
                for object in ManifestFile(name: file.name, bytes: Array(file.text.utf8))
                    .objects(in: scenario.scenario).objects
                { Self.leaves(object.value, "", &found) }
            }
            return found
        }
        let (before, after) = (leaves(starter), leaves(solution))
        let names = before.symmetricDifference(after).flatMap { leaf in
            leaf.split(separator: "=").first.map { $0.split(separator: ".").map(String.init) } ?? []
        }
        return Set(names).filter { name in name.dropFirst().contains(where: \.isUppercase) }.sorted()
    }

    private static func leaves(_ value: JSONValue, _ path: String, _ found: inout Set<String>) {
        switch value {
        case .object(let members):
            for (name, member) in members { leaves(member, path + "." + name, &found) }
        case .array(let elements): for element in elements { leaves(element, path, &found) }
        default: found.insert("\(path)=\(String(decoding: value.compactBytes, as: UTF8.self))")
        }
    }
}
