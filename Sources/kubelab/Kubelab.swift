import ArgumentParser
import Foundation

/// The command `kubelab`; each command is one file.
struct Kubelab: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubelab",
        abstract: "A Kubernetes cluster with its agents, traffic and time, simulated in one program.",
        discussion: """
            Begin with 'kubelab demo', or with an exercise: 'kubelab start scale-on-cpu'.
            The lab is the file lab.kubelab in this folder (--lab FILE or KUBELAB_LAB
            name another one). Time passes only when you say so: 'kubelab advance 5m'.

            Shell completion: kubelab --generate-completion-script bash|zsh|fish
            """,
        version: "kubelab \(Kubelab.version)",
        groupedSubcommands: [
            CommandGroup(name: "Learning", subcommands: [Lessons.self, LessonCommand.self, Next.self, Outcomes.self]),
            CommandGroup(
                name: "Exercises",
                subcommands: [Demo.self, Start.self, Status.self, Watch.self] + GradingCommands.all + [
                    Debrief.self, Reset.self,
                ]),
            CommandGroup(name: "Cluster", subcommands: KubectlCommands.all),
            CommandGroup(name: "Server", subcommands: [Serve.self, SpeedCommand.self, Pause.self, Export.self]),
            CommandGroup(name: "Time", subcommands: [Advance.self, Rewind.self, Fork.self, Fault.self]),
            CommandGroup(
                name: "Understanding",
                subcommands: [
                    Graph.self, WhyCommand.self, Timeline.self, ReportCommand.self, Compare.self, Alerts.self,
                    SLOCommand.self, BillCommand.self,
                    LogQLCommand.self,
                    TraceQLCommand.self,
                    TraceCommand.self,
                ]),
            CommandGroup(
                name: "Without a lab",
                subcommands: [
                    Run.self, Lint.self, SpecCommand.self, PromQLCommand.self, PromtoolCommand.self, Formats.self,
                    Fidelity.self, ExperimentCommand.self,
                ]),
        ])

    static let version = "0.1.0"
}

/// How the program ends.
enum Exit {
    static let done: Int32 = 0
    /// A grade below `--fail-under`; kubectl-shaped commands: any failure.
    static let below: Int32 = 1
    /// The input cannot be used.
    static let unusable: Int32 = 2
    /// Our own fault, or the machine's.
    static let fault: Int32 = 3
    /// What a shell expects after Ctrl-C.
    static let interrupted: Int32 = 130
}
