import ArgumentParser
import Foundation
import Lab
import Simulation

/// Options that every command knows.
struct GlobalOptions: ParsableArguments {
    @Option(
        name: .customLong("lab"),
        help: ArgumentHelp("The lab's file (default: $KUBELAB_LAB, else lab.kubelab).", valueName: "file"),
        completion: .file(extensions: ["kubelab"]))
    var labFile: String?

    @Option(
        name: .customLong("labs"),
        help: ArgumentHelp(
            "The folder of exercises (default: $KUBELAB_LABS, else the program's own).", valueName: "dir"),
        completion: .directory)
    var labsFolder: String?

    @Flag(
        help: "For screen readers: tables in place of charts, words in place of signs and colour (or KUBELAB_PLAIN=1).")
    var plain = false

    var labPath: String {
        if let labFile { return labFile }
        let named = ProcessInfo.processInfo.environment["KUBELAB_LAB"] ?? ""
        return named.isEmpty ? "lab.kubelab" : named
    }

    var labs: Labs { Labs(folder: labsFolder) }

    /// - Throws: `LabStoreError`; a `Failure` with advice for a lab that another process serves.
    func open(for access: LabSession.Access) throws -> LabSession {
        if access == .writing, ServedLabClient.find(self) != nil {
            let kubeconfig = URL(fileURLWithPath: Serve.kubeconfigPath(of: labPath)).standardizedFileURL.path
            throw Failure(
                "\(labPath) is served: change it with kubectl (export KUBECONFIG=\(ServedLab.quoted(kubeconfig))), and its time with 'kubelab advance', 'pause' and 'speed'"
            )
        }
        return try LabSession.open(labPath, for: access)
    }
}

/// How a listing is printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

struct OutputOptions: ParsableArguments {
    @Option(name: [.short, .customLong("output")], help: "text or json.")
    var output: OutputFormat = .text

    var isJSON: Bool { output == .json }
}

/// A span of simulated time on the command line.
struct Span: ExpressibleByArgument {
    var duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let duration = Duration(parsing: argument), duration >= .zero else { return nil }
        self.duration = duration
    }

    var defaultValueDescription: String { duration.clock }
}

/// An instant on the command line: since the start (`12m30s`, `+12m30s`) or by the cluster's wall clock (`09:12:30`).
struct Instant: ExpressibleByArgument {
    private enum Form { case sinceStart(Duration), ofDay(Int64) }
    private var form: Form

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 2 || parts.count == 3 {
            let numbers = parts.compactMap { part in
                part.count == 2 && part.allSatisfy { $0.isASCII && $0.isNumber } ? Int64(part) : nil
            }
            guard numbers.count == parts.count, numbers[0] < 24, numbers[1] < 60, numbers.count < 3 || numbers[2] < 60
            else { return nil }
            form = .ofDay(numbers[0] * 3_600 + numbers[1] * 60 + (numbers.count == 3 ? numbers[2] : 0))
            return
        }
        guard let duration = Duration(parsing: argument.hasPrefix("+") ? String(argument.dropFirst()) : argument),
            duration >= .zero
        else { return nil }
        form = .sinceStart(duration)
    }

    /// The instant in a world: a time of day is the first such one since the world's start.
    func time(in world: borrowing World) -> SimulationTime {
        switch form {
        case .sinceStart(let duration): return .zero + duration
        case .ofDay(let seconds):
            let start = world.wallTime.epochSeconds - world.now.nanoseconds / 1_000_000_000
            let ofDay = start - start / 86_400 * 86_400
            return .zero + .seconds(seconds >= ofDay ? seconds - ofDay : seconds - ofDay + 86_400)
        }
    }
}
