import ArgumentParser
import Dispatch
import Foundation
import KubernetesAPI
import Lab
import LabServer

/// `kubelab serve`: a lab for the real kubectl.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a lab to the real kubectl and other clients.",
        discussion: """
            The lab's cluster answers over HTTPS on this machine, and its time runs. Point clients at it with the \
            printed line; end it with Ctrl-C. The lab's file keeps everything, so that serving it again goes on \
            where it was.

              kubelab serve --speed 10x
              export KUBECONFIG=…             (as printed)
              kubectl get pods --watch
              kubelab speed paused            (in another terminal; also 'advance' and 'pause')

            Exit codes: 0 ended by Ctrl-C or SIGTERM, 2 the lab or the address cannot be used, 3 a fault of the machine.
            """)

    @Argument(
        help: ArgumentHelp("The lab's file (default: --lab, $KUBELAB_LAB, else lab.kubelab).", valueName: "lab"),
        completion: .file(extensions: ["kubelab"]))
    var lab: String?

    @OptionGroup var serving: ServeOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let path = lab ?? global.labPath
        // A lab that nobody has touched yet may begin with the clock of the wall.
        _ = try LabSession.anchor(path, at: CivilTime.format(seconds: Int64(Date().timeIntervalSince1970)))
        let session = try LabSession.open(path, for: .writing)
        if session.header.start.isEmpty {
            Terminal.note(
                "Its clock says \(session.world.clockText) of \(session.world.scenario.start.prefix(10)), so what kubectl itself counts (ages in 'describe' and 'events') counts from today. 'kubelab start --serve' begins a lab with the clock of the wall."
            )
        }
        try serving.serve(session)
    }

    /// `lab.kubelab` has `lab.kubeconfig` beside it.
    static func kubeconfigPath(of lab: String) -> String {
        (lab.hasSuffix(".kubelab") ? String(lab.dropLast(".kubelab".count)) : lab) + ".kubeconfig"
    }
}

/// How a lab is served.
struct ServeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where to listen; 0 takes any free port.", valueName: "port"))
    var port: UInt16 = 0

    @Option(
        help: ArgumentHelp(
            "The address to listen on. Any but this machine's own needs --allow-remote.", valueName: "address"))
    var host = "127.0.0.1"

    @Flag(help: "Let other machines in: whoever has the kubeconfig can do everything with the lab.")
    var allowRemote = false

    @Option(help: ArgumentHelp("Port of Prometheus' HTTP API, if the lab has one (default: any).", valueName: "port"))
    var prometheusPort: UInt16 = 0

    @Option(help: ArgumentHelp("Port of Loki's HTTP API, likewise.", valueName: "port"))
    var lokiPort: UInt16 = 0

    @Option(
        help: ArgumentHelp("Port of Tempo's HTTP API, if the lab records traces (default: any).", valueName: "port"))
    var tempoPort: UInt16 = 0

    @Option(help: ArgumentHelp("How time runs: paused, 1x, 10x, … or max-idle.", valueName: "speed"))
    var speed: SpeedArgument = SpeedArgument(.times(1))

    @Flag(help: "Plain HTTP, for tests.")
    var insecureHttp = false

    @Option(
        help: ArgumentHelp("Where clients' settings go (default: beside the lab).", valueName: "file"),
        completion: .file())
    var kubeconfig: String?

    func validate() throws {
        guard Self.isLoopback(host) || allowRemote else {
            throw ValidationError(
                "\(host) can be reached by other machines. Say --allow-remote if that is meant, or leave --host out.")
        }
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.split(separator: ".").count == 4)
    }

    /// Serves a lab until somebody ends it.
    func serve(_ session: LabSession) throws {
        var configuration = LabServer.Configuration(token: Kubeconfig.newToken())
        configuration.host = host
        configuration.port = Int(port)
        configuration.prometheusPort = Int(prometheusPort)
        configuration.lokiPort = Int(lokiPort)
        configuration.tempoPort = Int(tempoPort)
        configuration.speed = speed.speed
        configuration.isInsecure = insecureHttp
        let path = session.path
        try ServedLab(path: path, kubeconfig: kubeconfig ?? Serve.kubeconfigPath(of: path)).serve(
            session, configuration)
    }
}

/// A speed on the command line.
struct SpeedArgument: ExpressibleByArgument {
    var speed: Speed

    init(_ speed: Speed) { self.speed = speed }

    init?(argument: String) {
        guard let speed = Speed(argument) else { return nil }
        self.speed = speed
    }

    var defaultValueDescription: String { "\(speed)" }
}

/// One lab while it is served.
struct ServedLab {
    var path: String
    var kubeconfig: String

    /// Serves until somebody ends it.
    /// - Throws: `Failure`, `LabStoreError`.
    func serve(_ session: LabSession, _ configuration: LabServer.Configuration) throws {
        let signals = SignalWaiter()
        let server: LabServer
        do {
            server = try Waiting.forResult { try await LabServer.start(session, configuration) }
        } catch {
            throw Failure("\(configuration.host):\(configuration.port) cannot be listened on: \(error)")
        }
        do {
            try server.kubeconfig.write(to: kubeconfig)
        } catch {
            try Waiting.forResult { try await server.stop() }
            throw Failure("\(kubeconfig) cannot be written")
        }
        let absolute = URL(fileURLWithPath: kubeconfig).standardizedFileURL.path
        Terminal.print("export KUBECONFIG=\(Self.quoted(absolute))")
        Terminal.note(
            "\(path) is served at \(server.kubeconfig.server), time runs \(configuration.speed); Ctrl-C ends it.")
        if let prometheus = server.prometheus { Terminal.note("Prometheus answers at \(prometheus).") }
        if let loki = server.loki { Terminal.note("Loki answers at \(loki).") }
        if let tempo = server.tempo { Terminal.note("Tempo answers at \(tempo).") }
        signals.wait()
        Terminal.note("Ending: the lab is written.")
        defer { try? FileManager.default.removeItem(atPath: kubeconfig) }
        try Waiting.forResult { try await server.stop() }
    }

    /// As a shell takes it.
    static func quoted(_ path: String) -> String {
        let plain = path.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+".contains($0)) }
        return plain ? path : "'" + path.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}

/// Waits for SIGINT or SIGTERM; a second one ends the process at once.
private final class SignalWaiter {
    private let came = DispatchSemaphore(value: 0)
    private let sources: [any DispatchSourceSignal]

    init() {
        let came = came
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                came.signal()
                signal(number, SIG_DFL)
            }
            source.resume()
            return source
        }
    }

    func wait() { came.wait() }
}

/// Waits for what is done elsewhere: the program's commands are synchronous, the server is not.
enum Waiting {
    static func forResult<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
        let done = DispatchSemaphore(value: 0)
        let box = ResultBox<Value>()
        Task {
            do { box.result = .success(try await work()) } catch { box.result = .failure(error) }
            done.signal()
        }
        done.wait()
        guard let result = box.result else { throw Failure("nothing came of it", exitCode: Exit.fault) }
        return try result.get()
    }

    /// Written before the semaphore is signalled and read after it was waited for.
    private final class ResultBox<Value: Sendable>: @unchecked Sendable {
        var result: Result<Value, any Error>?
    }
}
