import Cluster
import Foundation
import KubernetesAPI
import Simulation
import Workloads

/// A scenario with the manifests that it applies, as read from its folder.
public struct ScenarioFile: Sendable {
    public var scenario: Scenario
    /// The scenario's text, which a lab keeps.
    public var text: String
    public var manifests: [(name: String, text: String)]

    public init(scenario: Scenario, text: String, manifests: [(name: String, text: String)]) {
        self.scenario = scenario
        self.text = text
        self.manifests = manifests
    }

    /// Reads `scenario.yaml` (or the file itself) and the manifests that it names.
    /// - Parameter prepare: changes a text before it is understood or applied; its second argument names the file.
    ///   Without it, places that differ from student to student, `${name:-standard}`, have their standard text.
    /// - Throws: `ConfigurationError` with file, line and field path.
    public static func read(
        _ path: String, preparing prepare: (String, String) throws -> String = { text, _ in standardText(text) }
    ) throws -> ScenarioFile {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ConfigurationError(file: path, message: "no such file or folder")
        }
        let file = isFolder.boolValue ? path + "/scenario.yaml" : path
        let text = try prepare(readText(file), file)
        let scenario = try parse(text, file: file)
        let folder = (file as NSString).deletingLastPathComponent
        let manifests = try scenario.manifests.map { name in
            guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
                throw ConfigurationError(
                    file: file, path: "manifests", message: "\"\(name)\" must lie beside the scenario")
            }
            let manifest = (folder.isEmpty ? "." : folder) + "/" + name
            return (name, try prepare(readText(manifest), manifest))
        }
        return ScenarioFile(scenario: scenario, text: text, manifests: manifests)
    }

    /// The same with another wall clock at the beginning; empty for the scenario's own.
    func starting(at start: String) -> ScenarioFile {
        guard !start.isEmpty else { return self }
        var moved = self
        moved.scenario.start = start
        return moved
    }

    /// Text with the standard of every `${name:-standard}` in its place.
    public static func standardText(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "${"), let close = rest[open.upperBound...].firstIndex(of: "}") {
            let inner = rest[open.upperBound..<close]
            result += rest[..<open.lowerBound]
            if let mark = inner.firstRange(of: ":-") {
                result += inner[mark.upperBound...]
            } else {
                result += rest[open.lowerBound...close]
            }
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    /// Reads the text of a scenario.
    public static func parse(_ text: String, file: String) throws -> Scenario {
        let documents: [YAMLDocument]
        do { documents = try YAMLReader.documents(text) } catch {
            throw ConfigurationError(file: file, line: error.line ?? 0, message: error.message)
        }
        guard let document = documents.first else { throw ConfigurationError(file: file, message: "the file is empty") }
        do {
            let scenario = try Scenario(from: ValueDecoder(document.value))
            for (index, fault) in scenario.faults.enumerated() {
                guard let text = fault.when else { continue }
                do { _ = try Condition(parsing: text, namespace: scenario.namespace) } catch {
                    throw ConfigurationError(
                        file: file, line: document.line(of: "faults[\(index)].when"), path: "faults[\(index)].when",
                        message: error.description)
                }
            }
            return scenario
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError(error, file: file) { document.line(of: $0) }
        }
    }

    package static func readText(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(file: path, message: "cannot be read")
        }
        guard data.count <= 8 << 20 else { throw ConfigurationError(file: path, message: "is larger than 8 MiB") }
        guard let text = String(data: data, encoding: .utf8) else {
            throw ConfigurationError(file: path, message: "is not UTF-8 text")
        }
        return text
    }

    /// A world of this scenario at time zero.
    public func world(seed: UInt64) throws -> World { try World(scenario: scenario, seed: seed, manifests: manifests) }
}

extension Scenario {
    /// What the scenario says about the cluster.
    func clusterConfiguration() throws(ConfigurationError) -> ClusterConfiguration {
        let epoch = CivilTime.parse(start)?.seconds ?? 0
        var kubelet = KubeletConfiguration()
        kubelet.imageSizes = registry.images
        kubelet.missingImages = Set(registry.missing)
        kubelet.pullBandwidth = registry.bandwidth
        var autoscaler = ClusterAutoscalerConfiguration()
        for group in nodeGroups {
            autoscaler.groups.append(
                NodeGroup(
                    name: group.template.name, template: try group.template.shape(named: group.template.name).node,
                    minimum: group.minimum, maximum: group.maximum, startup: group.startup))
        }
        return ClusterConfiguration(
            settings: controlPlane.settings(epochSeconds: epoch), kubelet: kubelet, autoscaler: autoscaler)
    }
}

extension NodeDescription {
    /// The machines that the description stands for.
    func shapes() throws(ConfigurationError) -> [NodeShape] {
        var shapes: [NodeShape] = []
        for number in 1...count {
            shapes.append(try shape(named: number == 1 && count == 1 ? name : "\(name)-\(number)"))
        }
        return shapes
    }

    func shape(named name: String) throws(ConfigurationError) -> NodeShape {
        guard let cpu = try? Quantity(parsing: cpu), let memory = try? Quantity(parsing: memory) else {
            throw ConfigurationError(
                file: "scenario", path: "nodes", message: "\(name): cpu and memory are quantities such as 4 and 16Gi")
        }
        var taints: [Taint] = []
        for text in self.taints {
            let parts = text.split(separator: ":", maxSplits: 1)
            let pair = (parts.first ?? "").split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, ["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(String(parts[1])),
                !pair.isEmpty
            else {
                throw ConfigurationError(
                    file: "scenario", path: "nodes",
                    message: "\(name): taint \"\(text)\" is not of the form key=value:NoSchedule")
            }
            var taint = Taint()
            taint.key = String(pair[0])
            taint.value = pair.count == 2 ? String(pair[1]) : ""
            taint.effect = String(parts[1])
            taints.append(taint)
        }
        return NodeShape(
            name: name, cpu: cpu, memory: memory, reserved: reserved.compactMapValues { try? Quantity(parsing: $0) },
            gpus: Int64(gpus), zone: zone, instanceType: instanceType,
            coreSpeed: coreSpeed,
            labels: labels, taints: taints, price: price)
    }
}
