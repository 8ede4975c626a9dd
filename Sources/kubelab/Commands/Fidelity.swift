import ArgumentParser
import Foundation

/// `kubelab fidelity`: what of the lab is real, modelled or left out.
struct Fidelity: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what is real, what is modelled and what is left out, with sources.")

    @Argument(help: "A topic; without one, all are listed.")
    var topic: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try MarkdownTopic.show(topic, of: EmbeddedFidelity.text, command: "fidelity", output)
    }
}
