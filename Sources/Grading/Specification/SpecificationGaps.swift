import Kubectl
import KubernetesAPI
import Lab

extension ProductionSpecification {
    /// What the document leaves open, each with its line: a service level that nobody hears of, a rollback criterion
    /// that nothing looks at, load that no service level judges.
    public func gaps(in scenario: Scenario) -> [ConfigurationError] {
        var found: [ConfigurationError] = []
        func gap(_ path: String, _ message: String) { found.append(source.error(path, message)) }
        let sources = scenario.workloads.traffic.map(\.name)
        let levels = content.serviceLevels
        if levels.isEmpty { gap("spec", "there is no service level, so nothing is promised to users") }
        if content.load.isEmpty { gap("spec", "no load is stated under which the promises must hold") }
        for (index, load) in content.load.enumerated() {
            if !sources.contains(load.traffic) {
                gap(
                    "spec.load[\(index)].traffic",
                    "the scenario has no traffic \"\(load.traffic)\"; it has \(sources.joined(separator: ", "))")
            } else if !levels.contains(where: { $0.traffic == load.traffic }) {
                gap("spec.load[\(index)].traffic", "no service level judges what users of \"\(load.traffic)\" get")
            }
        }
        for (index, level) in levels.enumerated() {
            let path = "spec.serviceLevels[\(index)]"
            if !content.alerts.contains(where: { $0.serviceLevel == level.name }) {
                gap("\(path).name", "no alert tells anybody when service level \"\(level.name)\" is broken")
            }
            if !sources.contains(level.traffic) {
                gap(
                    "\(path).traffic",
                    "the scenario has no traffic \"\(level.traffic)\"; it has \(sources.joined(separator: ", "))")
            } else if !content.load.contains(where: { $0.traffic == level.traffic }) {
                gap("\(path).traffic", "no load is stated for \"\(level.traffic)\"")
            }
        }
        for (index, alert) in content.alerts.enumerated()
        where !levels.contains(where: { $0.name == alert.serviceLevel }) {
            gap("spec.alerts[\(index)].serviceLevel", "there is no service level \"\(alert.serviceLevel)\"")
        }
        if content.criticalPaths.isEmpty { gap("spec", "there is no critical path") }
        if content.costs.isEmpty { gap("spec", "there is no cost ceiling, so any number of pods will do") }
        let rules = content.deployment
        if rules.rollback.isEmpty { gap("spec", "nothing says when a version is taken back") }
        for (index, rollback) in rules.rollback.enumerated()
        where !rules.analysis.contains(where: { $0.rollback == rollback.name }) {
            gap(
                "spec.deployment.rollback[\(index)].name",
                "no analysis looks at rollback criterion \"\(rollback.name)\" while a version comes")
        }
        for (index, analysis) in rules.analysis.enumerated()
        where !rules.rollback.contains(where: { $0.name == analysis.rollback }) {
            gap(
                "spec.deployment.analysis[\(index)].rollback", "there is no rollback criterion \"\(analysis.rollback)\""
            )
        }
        return found
    }

    /// What the manifests lack that the document speaks of: workloads, and autoscalers of those that are to scale.
    public func missing(in files: [Submission.File], namespace: String) -> [ConfigurationError] {
        var deployments: Set<String> = []
        var scaled: Set<String> = []
        for file in files {
            let objects = ManifestFile(name: file.name, bytes: Array(file.text.utf8)).objects(namespace: namespace)
                .objects
            for object in objects {
                switch object.kind.resource.kind {
                case "Deployment": deployments.insert(object.name)
                case "HorizontalPodAutoscaler":
                    if let target = object.value["spec"]?["scaleTargetRef"]?["name"]?.string { scaled.insert(target) }
                default: break
                }
            }
        }
        var found: [ConfigurationError] = []
        for (index, path) in content.criticalPaths.enumerated() {
            for (place, workload) in path.through.enumerated() where !deployments.contains(workload) {
                found.append(
                    source.error(
                        "spec.criticalPaths[\(index)].through[\(place)]",
                        "the manifests have no Deployment \"\(workload)\""))
            }
        }
        for (index, limit) in content.scaling.enumerated()
        where limit.minimum < limit.maximum && !scaled.contains(limit.workload) {
            found.append(
                source.error(
                    "spec.scaling[\(index)].workload", "no autoscaler of the manifests scales \"\(limit.workload)\""))
        }
        return found
    }
}
