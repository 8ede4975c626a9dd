import Foundation
import Kubectl
import KubernetesAPI
import Lab

/// What a submission may hold, checked before a world sees it.
extension Submission {
    /// Everything that makes the submission unusable, in the order of files and lines; empty if it can be tried.
    ///
    /// Objects must be among those that the exercise lets a learner change, parts that belong to somebody else must be
    /// as the starter has them, sizes must be within reason. What the API server thinks of them is seen in the trial.
    public func faults(in exercise: Exercise) -> [ConfigurationError] {
        var faults: [ConfigurationError] = []
        let namespace = exercise.scenario.scenario.namespace
        for file in files {
            if file.name == exercise.content.specification?.file {
                do {
                    _ = try ProductionSpecification(parsing: file.text, file: file.name, namespace: namespace)
                } catch let error as ConfigurationError {
                    var fault = error
                    fault.message = Sanitised.text(error.message)
                    faults.append(fault)
                } catch {
                    faults.append(ConfigurationError(file: file.name, message: Sanitised.text("\(error)")))
                }
                continue
            }
            if file.name == exercise.content.trial.candidates?.test {
                do { _ = try LoadTest.read(file.text, file: file.name, for: exercise) } catch {
                    let fault = error as? ConfigurationError
                    faults.append(
                        ConfigurationError(
                            file: file.name, line: fault?.line ?? 0, path: fault?.path ?? "",
                            message: Sanitised.text(fault?.message ?? "\(error)")))
                }
                continue
            }
            if let duty = exercise.content.telemetry, duty.files.contains(file.name) {
                faults += duty.faults(in: file).map { fault in
                    ConfigurationError(
                        file: file.name, line: fault.line, path: fault.path, message: Sanitised.text(fault.message))
                }
                continue
            }
            if file.name == exercise.content.trial.runbook?.file {
                do {
                    _ = try Runbook(parsing: file.text, file: file.name, deployments: exercise.deployments)
                } catch {
                    let fault = error as? ConfigurationError
                    faults.append(
                        ConfigurationError(
                            file: file.name, line: fault?.line ?? 0, path: fault?.path ?? "",
                            message: Sanitised.text(fault?.message ?? "\(error)")))
                }
                continue
            }
            let allowed = exercise.content.handIn.first { $0.file == file.name }?.objects ?? []
            let (objects, errors) = ManifestFile(name: file.name, bytes: Array(file.text.utf8)).objects(
                in: exercise.scenario.scenario)
            faults += errors.map {
                ConfigurationError(file: file.name, line: $0.line, message: Sanitised.text($0.message))
            }
            var seen: Set<String> = []
            for object in objects {
                let kind = object.kind.resource.kind
                let name = "\(kind)/\(object.name)"
                let shown = Sanitised.text(name, limit: 100)
                func fault(_ path: String, _ message: String) {
                    faults.append(
                        ConfigurationError(
                            file: file.name, line: object.document.line(of: path), path: path,
                            message: Sanitised.text(message)))
                }
                guard allowed.contains(where: { Self.matches(name, $0) }) else {
                    fault(
                        "kind",
                        "\(shown) is not yours to change here; \(file.name) may hold \(allowed.joined(separator: ", "))"
                    )
                    continue
                }
                if !seen.insert(name).inserted { fault("metadata.name", "\(shown) is there twice") }
                if object.kind.resource.namespaced, object.namespace != namespace {
                    fault("metadata.namespace", "objects of this exercise live in the namespace \(namespace)")
                }
                faults += Self.sizes(object, limit: exercise.content.trial.replicas)
                faults += Self.fixed(object, exercise)
            }
        }
        return faults
    }

    static func matches(_ name: String, _ pattern: String) -> Bool {
        pattern.hasSuffix("/*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
    }

    /// A world of a hundred thousand pods is no answer to anything.
    private static func sizes(_ object: ManifestObject, limit: Int) -> [ConfigurationError] {
        [
            "replicas", "minReplicas", "maxReplicas", "parallelism", "completions", "minReplicaCount",
            "maxReplicaCount",
            "idleReplicaCount",
        ].compactMap { field in
            guard case .integer(let number)? = object.value["spec"]?[field], number > limit else { return nil }
            return ConfigurationError(
                file: object.file, line: object.document.line(of: "spec.\(field)"), path: "spec.\(field)",
                message: "\(number) is more than the \(limit) that this exercise allows")
        }
    }

    /// Parts that must be as the starter has them.
    private static func fixed(_ object: ManifestObject, _ exercise: Exercise) -> [ConfigurationError] {
        let name = "\(object.kind.resource.kind)/\(object.name)"
        return exercise.content.fixed.filter { $0.object == name }.compactMap { part in
            guard let starter = exercise.starterObject(name, in: object.file) else { return nil }
            let wanted = starter.value.value(at: part.path)
            let found = object.value.value(at: part.path)
            let same =
                if let wanted, let found { wanted.isEquivalent(to: found) } else { wanted == nil && found == nil }
            guard !same else { return nil }
            let path = part.path.split(separator: "[").first.map(String.init) ?? part.path
            return ConfigurationError(
                file: object.file, line: object.document.line(of: path), path: part.path,
                message: "must stay as the starter has it: \(part.reason)")
        }
    }
}

extension Exercise {
    /// An object of the starter, to compare with.
    func starterObject(_ name: String, in file: String) -> ManifestObject? {
        guard let data = FileManager.default.contents(atPath: folder + "/starter/" + file) else { return nil }
        let text = variant.substituted(in: String(decoding: data, as: UTF8.self))
        let objects = ManifestFile(name: file, bytes: Array(text.utf8)).objects(in: scenario.scenario).objects
        return objects.first { "\($0.kind.resource.kind)/\($0.name)" == name }
    }
}

extension JSONValue {
    /// The value at a field path: `spec.containers[0].image`, or an element by its name: `spec.containers[name=app]`.
    func value(at path: String) -> JSONValue? {
        var value = self
        for step in FieldStep.steps(path) {
            switch step {
            case .member(let name):
                guard let next = value[name] else { return nil }
                value = next
            case .index(let index):
                guard case .array(let elements) = value, elements.indices.contains(index) else { return nil }
                value = elements[index]
            case .named(let key, let name):
                guard case .array(let elements) = value, let next = elements.first(where: { $0[key]?.string == name })
                else { return nil }
                value = next
            }
        }
        return value
    }
}

/// One step of a field path.
enum FieldStep: Equatable {
    case member(String)
    case index(Int)
    /// The element of a list whose member has a value.
    case named(String, String)

    static func steps(_ path: String) -> [FieldStep] {
        var steps: [FieldStep] = []
        var rest = Substring(path)
        while !rest.isEmpty {
            if rest.first == "[", let end = rest.firstIndex(of: "]") {
                let inner = rest[rest.index(after: rest.startIndex)..<end]
                let pair = inner.split(separator: "=", maxSplits: 1)
                if pair.count == 2 {
                    steps.append(.named(String(pair[0]), String(pair[1])))
                } else {
                    steps.append(Int(inner).map(FieldStep.index) ?? .member(String(inner)))
                }
                rest = rest[rest.index(after: end)...]
            } else {
                let end = rest.firstIndex { $0 == "." || $0 == "[" } ?? rest.endIndex
                if end > rest.startIndex { steps.append(.member(String(rest[..<end]))) }
                rest = rest[end...]
            }
            if rest.first == "." { rest = rest.dropFirst() }
        }
        return steps
    }
}

extension Submission {
    /// What the API server refuses of the files, each applied in the trial's order to a world in which nothing moves.
    public func refusals(in exercise: Exercise) -> [ConfigurationError] {
        guard var world = try? exercise.scenario.world(seed: exercise.content.trial.visibleSeeds.first ?? 1) else {
            return []
        }
        return exercise.content.trial.inputs.flatMap { input -> [ConfigurationError] in
            guard let file = files.first(where: { $0.name == input.apply }) else { return [] }
            return world.apply(file.text, file: file.name, author: "grader").failures
        }
    }
}

extension Exercise {
    /// The names of the Deployments that a world of the exercise begins with.
    fileprivate var deployments: [String] {
        scenario.manifests.flatMap { manifest in
            ManifestFile(name: manifest.name, bytes: Array(manifest.text.utf8)).objects(in: scenario.scenario).objects
        }.filter { $0.kind.resource.kind == "Deployment" }.map(\.name)
    }
}
