import ArgumentParser
import Foundation
import KubernetesAPI
import Lab
import LabServer

/// `kubelab speed`: how fast the time of a served lab runs.
struct SpeedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speed", abstract: "Say how fast the time of a served lab runs, or ask.",
        discussion: """
              kubelab speed            what it is
              kubelab speed 10x        ten simulated seconds a second
              kubelab speed max-idle   as fast as can be while no request waits
              kubelab speed paused     time stands still (also 'kubelab pause')
            """)

    @Argument(help: "paused, 1x to 100000x, or max-idle.")
    var speed: SpeedArgument?

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let served = try ServedLabClient(global)
        let clock = try served.clock(speed.map { ["speed": .string("\($0.speed)")] })
        Terminal.print(clock.sentence)
    }
}

/// `kubelab pause`: the time of a served lab stands still.
struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let the time of a served lab stand still; 'kubelab speed 1x' lets it run again.")

    @OptionGroup var global: GlobalOptions

    func run() throws {
        Terminal.print(try ServedLabClient(global).clock(["speed": "paused"]).sentence)
    }
}

/// The way to a lab that another process serves.
struct ServedLabClient {
    private let client: LabClient
    private let lab: String

    /// - Returns: nil if nobody serves the lab.
    static func find(_ global: GlobalOptions) -> ServedLabClient? {
        guard let client = LabClient(kubeconfig: Serve.kubeconfigPath(of: global.labPath)) else { return nil }
        let served = ServedLabClient(client: client, lab: global.labPath)
        // Left behind by a server that was killed.
        guard (try? served.clock(nil)) != nil else { return nil }
        return served
    }

    /// - Throws: `Failure` if nobody serves the lab.
    init(_ global: GlobalOptions) throws {
        guard let found = Self.find(global) else {
            throw Failure(
                Files.exists(global.labPath)
                    ? "\(global.labPath) is not served: 'kubelab serve' does that. Without it, time passes when 'kubelab advance' lets it."
                    : "there is no lab at \(global.labPath); 'kubelab start' begins one")
        }
        self = found
    }

    private init(client: LabClient, lab: String) {
        self.client = client
        self.lab = lab
    }

    struct Clock {
        var seconds: Double
        var time: String
        var speed: String
        var failure: String?
        /// Whether the condition came to hold that was waited for; nil if there was none.
        var holds: Bool?

        var sentence: String {
            let why = failure.map { " because \($0)" } ?? ""
            return "It is \(time); time \(speed == "paused" ? "stands still" : "runs \(speed)")\(why)."
        }
    }

    /// Reads the clock, and changes it if something is given.
    /// - Throws: `Failure` in the server's words.
    func clock(_ change: JSONValue?) throws -> Clock {
        let client = client
        let answer = try Waiting.forResult {
            let path = "/kubelab/v1/clock"
            return if let change { try await client.post(path, change) } else { try await client.get(path) }
        }
        guard answer.code == 200 else { throw Failure(answer.message) }
        let value = answer.json
        let seconds: Double =
            switch value["seconds"] {
            case .number(let number)?: number
            case .integer(let number)?: Double(number)
            default: 0
            }
        return Clock(
            seconds: seconds, time: value["time"]?.string ?? "", speed: value["speed"]?.string ?? "",
            failure: value["failure"]?.string, holds: value["holds"].map { $0 == .bool(true) })
    }
}
