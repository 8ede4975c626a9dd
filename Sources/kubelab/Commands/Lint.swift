import ArgumentParser
import Foundation
import Kubectl
import KubernetesAPI
import Lab

/// `kubelab lint`: what the API server would say to manifests, without a lab.
struct Lint: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check manifests: what the API server would refuse, and what has no effect here.",
        discussion: "Exit code 2 if something would be refused, else 0.")

    @Argument(help: ArgumentHelp("Files or folders.", valueName: "file"), completion: .file())
    var files: [String]

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        var findings: [LintFinding] = []
        for path in try files.flatMap(Files.manifests) { findings += try LintFinding.all(in: path) }
        if output.isJSON {
            Terminal.print(try JSONText.of(findings))
        } else {
            for finding in findings { Terminal.print(finding.line) }
            if findings.isEmpty {
                Terminal.print("\(files.joined(separator: ", ")): the API server would take it as it is")
            }
        }
        if findings.contains(where: { $0.severity == .refused }) { throw ExitCode(Exit.unusable) }
    }
}

/// Something that a check of manifests found.
struct LintFinding: Encodable {
    enum Severity: String, Encodable { case refused, noEffect }

    var severity: Severity
    var file: String
    /// From 1; 0 if it is not known.
    var lineNumber: Int
    var path: String
    var message: String

    enum CodingKeys: String, CodingKey {
        case severity, file
        case lineNumber = "line"
        case path, message
    }

    /// `file:line: path: message`
    var line: String {
        let place = lineNumber > 0 ? "\(file):\(lineNumber): " : "\(file): "
        let field = path.isEmpty ? "" : "\(path): "
        let word = severity == .refused ? Style.bad("refused: ") : Style.warning("no effect: ")
        return place + word + field + message
    }

    /// Tries a file on an empty cluster of its own.
    static func all(in path: String) throws -> [LintFinding] {
        let file = ManifestFile(name: path, bytes: try Files.bytes(path))
        if isRuleFile(file) {
            let advice =
                "this is no manifest but a file of Prometheus rules: 'kubelab promtool check rules \(path)' reads it"
            return [LintFinding(severity: .refused, file: path, lineNumber: 1, path: "groups", message: advice)]
        }
        var world = try scratchWorld()
        for namespace in Set(namespaces(in: file)).sorted() where namespace != "default" {
            let body = JSONValue.object(["metadata": .object(["name": .string(namespace)])])
            _ = world.respond(to: APIRequest(.create, Namespace.resource, body: body))
        }
        let (results, errors) = ApplyCommand(files: [file], namespace: "default").apply(on: &world)
        let unread = errors.map {
            LintFinding(severity: .refused, file: $0.file, lineNumber: $0.line, path: "", message: plain($0.message))
        }
        return unread
            + results.flatMap { result in result.failure.map { refusals($0, result) } ?? withoutEffect(result.object) }
    }

    private static func isRuleFile(_ file: ManifestFile) -> Bool {
        let keys = String(decoding: file.bytes, as: UTF8.self).split(separator: "\n")
        return keys.contains { $0.hasPrefix("groups:") } && !keys.contains { $0.hasPrefix("kind:") }
    }

    /// Fields that are kept and given back, and on which nothing here acts.
    private static func withoutEffect(_ object: ManifestObject) -> [LintFinding] {
        InertFields.paths(in: object.value, kind: object.kind).map { path in
            LintFinding(
                severity: .noEffect, file: object.file, lineNumber: object.document.line(of: path), path: path,
                message: "\(object.kind.resource.kind) \"\(object.name)\" keeps this field, but nothing here acts on it"
            )
        }
    }

    /// One finding for each field that the API server names.
    private static func refusals(_ failure: APIStatus, _ result: ApplyCommand.Result) -> [LintFinding] {
        let object = result.object
        let label = "\(object.kind.resource.kind) \"\(object.name)\": "
        func finding(_ path: String, _ message: String) -> LintFinding {
            let line = path.isEmpty ? object.line : object.document.line(of: path)
            return LintFinding(
                severity: .refused, file: object.file, lineNumber: line, path: path, message: label + message)
        }
        let unknown = failure.message.unknownFields
        if !failure.causes.isEmpty { return failure.causes.map { finding($0.field, $0.message) } }
        if !unknown.isEmpty { return unknown.map { finding($0, "unknown field") } }
        return [finding(failure.message.mistypedField, failure.message)]
    }

    private static func scratchWorld() throws -> World {
        try World(scenario: try ScenarioFile.parse("name: lint\nnodes:\n- {name: node}\n", file: "lint"), seed: 1)
    }

    /// Namespaces that the objects name: in a check they are taken to exist.
    private static func namespaces(in file: ManifestFile) -> [String] {
        file.objects(namespace: "default").objects.map(\.namespace).filter { !$0.isEmpty }
    }

    /// kubectl's errors begin with the word; here another word stands before them.
    private static func plain(_ message: String) -> String {
        message.hasPrefix("error: ") ? String(message.dropFirst(7)) : message
    }
}

extension String {
    /// The paths in `unknown field "spec.replica"` of the API server's strict decoding.
    fileprivate var unknownFields: [String] {
        components(separatedBy: "unknown field \"").dropFirst().compactMap {
            $0.split(separator: "\"").first.map(String.init)
        }
    }

    /// The path in `cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`; else empty.
    fileprivate var mistypedField: String {
        guard let found = range(of: "Go struct field ") else { return "" }
        let field = self[found.upperBound...].prefix { $0 != " " }
        return field.firstIndex(of: ".").map { String(field[field.index(after: $0)...]) } ?? ""
    }
}
