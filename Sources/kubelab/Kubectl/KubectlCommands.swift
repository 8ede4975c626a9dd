import ArgumentParser
import Kubectl

/// The commands with kubectl's words. Their flags are kubectl's and are read in the room Kubectl.
enum KubectlCommands {
    static let all: [any ParsableCommand.Type] = [
        PassThrough<Word.Apply>.self, PassThrough<Word.Create>.self, PassThrough<Word.Delete>.self,
        PassThrough<Word.Get>.self,
        PassThrough<Word.Describe>.self, PassThrough<Word.Logs>.self, PassThrough<Word.Exec>.self,
        PassThrough<Word.Top>.self,
        PassThrough<Word.Events>.self,
        PassThrough<Word.Scale>.self, PassThrough<Word.Rollout>.self, PassThrough<Word.Explain>.self,
        PassThrough<Word.Label>.self,
        PassThrough<Word.Annotate>.self, PassThrough<Word.Patch>.self, PassThrough<Word.Replace>.self,
        PassThrough<Word.Set>.self,
        PassThrough<Word.Autoscale>.self, PassThrough<Word.Expose>.self, PassThrough<Word.Cordon>.self,
        PassThrough<Word.Uncordon>.self, PassThrough<Word.Drain>.self, PassThrough<Word.Taint>.self,
        PassThrough<Word.Wait>.self,
        PassThrough<Word.Diff>.self, PassThrough<Word.APIResources>.self, PassThrough<Word.Auth>.self,
        PassThrough<Word.Version>.self,
        PassThrough<Word.Kubectl>.self,
    ]
}

/// The first word of a kubectl command, as the overview of `kubelab` lists it.
protocol KubectlWord {
    static var word: String { get }
    static var abstract: String { get }
}

/// Hands everything behind the first word to kubectl's own parser.
struct PassThrough<Chosen: KubectlWord>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: Chosen.word, abstract: Chosen.abstract)
    }

    @Argument(parsing: .captureForPassthrough, help: "kubectl's words and flags.")
    var words: [String] = []

    func run() throws {
        let code = try KubectlRun.run(Chosen.word == Word.Kubectl.word ? words : [Chosen.word] + words)
        if code != 0 { throw ExitCode(code) }
    }
}

/// One type a word: that is how the argument parser tells commands apart.
enum Word {
    enum Apply: KubectlWord { static let word = "apply", abstract = "Apply manifests by file name or stdin." }
    enum Create: KubectlWord { static let word = "create", abstract = "Create a resource from a file, or by its kind." }
    enum Delete: KubectlWord { static let word = "delete", abstract = "Delete resources." }
    enum Get: KubectlWord {
        static let word = "get", abstract = "Display one or many resources; -w watches over simulated time."
    }
    enum Describe: KubectlWord {
        static let word = "describe", abstract = "Show details of resources, with their events."
    }
    enum Logs: KubectlWord { static let word = "logs", abstract = "Print the logs of a container." }
    enum Exec: KubectlWord { static let word = "exec", abstract = "Execute a command in a container." }
    enum Top: KubectlWord { static let word = "top", abstract = "Display CPU and memory usage of pods or nodes." }
    enum Events: KubectlWord { static let word = "events", abstract = "Display events." }
    enum Scale: KubectlWord { static let word = "scale", abstract = "Set a new size for a workload." }
    enum Rollout: KubectlWord {
        static let word = "rollout", abstract = "Manage rollouts: status, history, undo, restart, pause, resume."
    }
    enum Explain: KubectlWord { static let word = "explain", abstract = "Get documentation for a resource's fields." }
    enum Label: KubectlWord { static let word = "label", abstract = "Update the labels on a resource." }
    enum Annotate: KubectlWord { static let word = "annotate", abstract = "Update the annotations on a resource." }
    enum Patch: KubectlWord { static let word = "patch", abstract = "Update fields of a resource." }
    enum Replace: KubectlWord { static let word = "replace", abstract = "Replace a resource by file name or stdin." }
    enum Set: KubectlWord { static let word = "set", abstract = "Set the image, env or resources of a workload." }
    enum Autoscale: KubectlWord { static let word = "autoscale", abstract = "Make an autoscaler for a workload." }
    enum Expose: KubectlWord { static let word = "expose", abstract = "Make a service for a workload." }
    enum Cordon: KubectlWord { static let word = "cordon", abstract = "Mark a node as unschedulable." }
    enum Uncordon: KubectlWord { static let word = "uncordon", abstract = "Mark a node as schedulable." }
    enum Drain: KubectlWord { static let word = "drain", abstract = "Empty a node for maintenance." }
    enum Taint: KubectlWord { static let word = "taint", abstract = "Update the taints on nodes." }
    enum Wait: KubectlWord { static let word = "wait", abstract = "Let simulated time pass until a condition holds." }
    enum Diff: KubectlWord { static let word = "diff", abstract = "Say what apply would change." }
    enum APIResources: KubectlWord { static let word = "api-resources", abstract = "Print the kinds that there are." }
    enum Auth: KubectlWord { static let word = "auth", abstract = "Say who one is and what is allowed." }
    enum Version: KubectlWord {
        static let word = "version", abstract = "Print the version of Kubernetes that is simulated."
    }
    enum Kubectl: KubectlWord {
        static let word = "kubectl", abstract = "Any of the above, for habits and scripts: kubelab kubectl get pods."
    }
}
