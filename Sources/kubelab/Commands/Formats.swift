import ArgumentParser

/// `kubelab formats`: what the lab's own files may say.
struct Formats: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what the lab's own files may say: specifications, load tests, runbooks, criteria.")

    @Argument(help: "A topic; without one, all are listed.")
    var topic: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try MarkdownTopic.show(topic, of: EmbeddedFormats.text, command: "formats", output)
    }
}
