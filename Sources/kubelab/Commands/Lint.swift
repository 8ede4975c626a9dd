import ArgumentParser
import Foundation
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
        let field = path.isEmpty || message.hasPrefix(path) ? "" : "\(path): "
        let word = severity == .refused ? Style.bad("refused: ") : Style.warning("no effect: ")
        return place + word + field + message
    }

    /// Tries a file on an empty cluster of its own.
    static func all(in path: String) throws -> [LintFinding] {
        let text = String(decoding: try Files.bytes(path), as: UTF8.self)
        var world = try scratchWorld()
        for namespace in Set(namespaces(in: text)).sorted() where namespace != "default" {
            _ = world.respond(
                to: APIRequest(
                    .create, Self.namespaceResource, body: .object(["metadata": .object(["name": .string(namespace)])]))
            )
        }
        let outcome = world.apply(text, file: path, author: "lint")
        return outcome.failures.map {
            LintFinding(severity: .refused, file: $0.file, lineNumber: $0.line, path: $0.path, message: $0.message)
        }
    }

    private static let namespaceResource = Namespace.resource

    private static func scratchWorld() throws -> World {
        try World(scenario: try ScenarioFile.parse("name: lint\nnodes:\n- {name: node}\n", file: "lint"), seed: 1)
    }

    /// Namespaces that the objects name: in a check they are taken to exist.
    private static func namespaces(in text: String) -> [String] {
        ((try? YAMLReader.documents(text)) ?? []).compactMap { $0.value["metadata"]?["namespace"]?.string }
    }
}
