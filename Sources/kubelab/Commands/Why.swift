import ArgumentParser
import Lab
import Simulation

/// `kubelab why`: from what is to what began it.
struct WhyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Explain how something came about, down to the input or fault that began it.",
        discussion: """
              kubelab why pod/gateway-7d4b9              pending, restarted, killed, not ready, deleted
              kubelab why hpa/gateway --at 12m           what the autoscaler saw and what bound its decision
              kubelab why deployment/gateway             its size, its version, its pods that are not well
              kubelab why node/worker-2
              kubelab why traffic/users                  what failed lately, with examples
              kubelab why request/48213                  one request's way and where its time went

            The past is lived through again from the snapshot before it, so the answer shows what really happened.
            """)

    @Argument(
        help: ArgumentHelp(
            "pod/NAME, hpa/NAME, deployment/NAME, node/NAME, request/ID or traffic/NAME.", valueName: "subject"))
    var subject: String

    @Option(help: ArgumentHelp("The instant of the question (default: now).", valueName: "time"))
    var at: Instant?

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let session = try global.open(for: .reading)
        let parsed = try WhySubject(parsing: subject, namespace: session.world.scenario.namespace)
        let time = at?.time(in: session.world) ?? session.now
        guard time <= session.now else {
            throw Failure("--at \(time.clock) lies in the future: it is \(session.now.clock)")
        }
        let explanation = try session.why(parsed, at: time)
        if output.isJSON { return Terminal.print(try JSONText.of(explanation)) }
        for line in explanation.text { Terminal.print(line) }
    }
}
