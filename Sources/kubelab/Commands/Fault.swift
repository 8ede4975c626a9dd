import ArgumentParser
import Foundation
import KubernetesAPI
import Lab
import Simulation

/// `kubelab fault`: lets things go wrong on purpose.
struct Fault: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let something go wrong on purpose, and take it back.",
        discussion: """
            A fault is an input of the lab like your manifests: it can be rewound, forked
            and explained, and no grade knows of it.

              kubelab fault list
              kubelab fault inject 'node: worker-2' --for 5m
              kubelab fault inject 'workload: {traffic: {name: users, multiplier: 3}}'
              kubelab fault inject outage.yaml
              kubelab fault undo fault-1
            """,
        subcommands: [FaultList.self, FaultInject.self, FaultUndo.self], defaultSubcommand: FaultList.self)

    /// Whether a lab lets a learner do this.
    static func check(_ session: LabSession) throws {
        guard session.world.scenario.faultInjection else {
            throw Failure("this lab takes no faults: what is wrong in it is yours to find out")
        }
    }
}

/// `kubelab fault list`: what is wrong now, and what could be.
struct FaultList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the faults in force, and those that can be injected.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    /// One example a kind, as somebody may write it.
    static let kinds: [(example: String, meaning: String)] = [
        ("node: NAME", "a machine fails; with health: partitioned it is cut off"),
        ("zone: NAME", "all machines of a zone fail"),
        ("workload: {traffic: {name: SOURCE, multiplier: 3}}", "more users, or fewer"),
        ("workload: {provider: {name: PROVIDER, condition: {errorRate: 0.5}}}", "a model provider's incident"),
        ("workload: {tool: {name: TOOL, condition: {errorRate: 0.5}}}", "a tool outside the cluster fails"),
        ("workload: {image: {name: IMAGE, condition: {slowness: 2}}}", "a bad version of a program"),
        ("workload: {deadlock: {pod: NAME}}", "programs stand still"),
        ("workload: {block: {target: {pod: NAME}, duration: 20s}}", "an event loop is held once"),
        ("workload: {crash: {target: {pod: NAME}, exitCode: 1}}", "programs exit once"),
        ("workload: {memory: {target: {pod: NAME}, bytes: 200Mi}}", "memory is taken once and never given back"),
        ("restart: CONTROLLER", "a controller of the control plane restarts"),
    ]

    func run() throws {
        let session = try global.open(for: .reading)
        try Fault.check(session)
        let faults = session.world.incidents.inForce.map { name in
            FaultRow(name: name, effect: session.world.incidents.description(of: name)?.effect.summary ?? "")
        }
        if output.isJSON { return Terminal.print(try JSONText.of(faults)) }
        if faults.isEmpty {
            Terminal.print("Nothing is wrong on purpose.")
        } else {
            var table = Table(["IN FORCE", "EFFECT"])
            for fault in faults { table.add([fault.name, fault.effect]) }
            for line in table.lines { Terminal.print(line) }
        }
        Terminal.print("")
        Terminal.print("Can be injected ('kubelab fault inject TEXT', with --for 5m it ends by itself):")
        for (example, meaning) in Self.kinds {
            Terminal.print("  " + example)
            Terminal.print("      " + Style.faint(meaning))
        }
    }
}

private struct FaultRow: Encodable {
    var name: String
    var effect: String
}

/// `kubelab fault inject`
struct FaultInject: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inject", abstract: "Let something go wrong, now or later.",
        discussion: "TEXT is a fault as a scenario writes it, or a file that holds one; - reads standard input.")

    @Argument(help: ArgumentHelp("The fault, or a file.", valueName: "text"))
    var text: String

    @Option(help: "Its name (default: fault-1, fault-2 …).")
    var name: String?

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long it lasts (default: until it is undone).", valueName: "duration"))
    var span: Span?

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("When it begins, from now (default: at once).", valueName: "duration"))
    var delay: Span?

    @OptionGroup var global: GlobalOptions

    func run() throws {
        var session = try global.open(for: .writing)
        try Fault.check(session)
        let (text, file) = try source()
        let document: YAMLDocument?
        do { document = try YAMLReader.documents(text).first } catch {
            throw ConfigurationError(file: file, line: error.line ?? 0, message: error.message)
        }
        guard case .object(var members)? = document?.value else {
            throw Failure("\"\(text)\" is no fault; 'kubelab fault list' shows how one is written")
        }
        let known = session.world.incidents
        var number = 1
        while known.description(of: "fault-\(number)") != nil { number += 1 }
        if let name { members["name"] = .string(name) }
        if members["name"] == nil { members["name"] = .string("fault-\(number)") }
        if let span { members["for"] = .string(Self.text(span.duration)) }
        if let delay { members["at"] = .string(Self.text(delay.duration)) }
        if members["at"] == nil, members["when"] == nil { members["at"] = .string("0s") }
        let title = members["name"]?.string ?? ""
        guard !known.inForce.contains(title) else {
            throw Failure("a fault \"\(title)\" is in force already; choose another --name")
        }
        try session.inject(String(decoding: JSONValue.object(members).compactBytes, as: UTF8.self), file: file)
        // What is due now happens now, so that the next command sees it.
        _ = try session.advance(to: session.now)
        try session.commit()
        let effect = session.world.incidents.description(of: title)?.effect.summary ?? ""
        let begins = session.world.incidents.inForce.contains(title) ? "begins" : "is prepared"
        Terminal.print("Fault \(title) \(begins) at \(session.world.clockText): \(effect).")
        Terminal.print("'kubelab fault undo \(title)' ends it.")
    }

    private func source() throws -> (text: String, file: String) {
        if text == "-" {
            return (String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self), "standard input")
        }
        guard Files.exists(text) else { return (text, "fault") }
        return (String(decoding: try Files.bytes(text), as: UTF8.self), text)
    }

    private static func text(_ duration: Duration) -> String { "\(duration.nanoseconds / 1_000_000)ms" }
}

/// `kubelab fault undo`
struct FaultUndo: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "undo", abstract: "End a fault that is in force.")

    @Argument(help: "Its name, as 'kubelab fault list' shows it.")
    var name: String

    @OptionGroup var global: GlobalOptions

    func run() throws {
        var session = try global.open(for: .writing)
        try Fault.check(session)
        guard session.endFault(name) else {
            let names = session.world.incidents.inForce
            throw Failure(
                "no fault \"\(name)\" is in force\(Suggestion.text(for: name, among: names))\(names.isEmpty ? "" : "; there are \(names.joined(separator: ", "))")"
            )
        }
        _ = try session.advance(to: session.now)
        try session.commit()
        Terminal.print("Fault \(name) ends at \(session.world.clockText).")
    }
}
