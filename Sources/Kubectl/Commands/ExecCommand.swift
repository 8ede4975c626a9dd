import KubernetesAPI

/// `kubectl exec` (`kubectl/pkg/cmd/exec`): runs a command in a container; simulated time passes while it runs.
enum ExecCommand: Command {
    static let definition = CommandDefinition(
        "exec", "Execute a command in a container",
        usage: "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
        examples: [
            "exec web-1 -- env", "exec deploy/web -- curl -s -w '%{http_code}\\n' http://api/healthz",
            "exec web-1 -c sidecar -- sh -c 'cat /etc/config/app.yaml; echo $HOSTNAME'", "exec web-1 -- kill 1",
        ],
        flags: [
            Flag(
                "container", "c",
                "Container name. If omitted, use the kubectl.kubernetes.io/default-container annotation or the first container in the pod"
            ),
            Flag("stdin", "i", .bool, "Pass stdin to the container"),
            Flag("tty", "t", .bool, "Stdin is a TTY"),
            Flag("quiet", "q", .bool, "Only print output from the remote session"),
            Flag("pod-running-timeout", "", .duration, initial: "1m0s", "Ignored: the pod runs, or it does not"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let words = arguments.positional
        guard let dash = arguments.dash else {
            guard !words.isEmpty else { throw invocation.usage("pod, type/name or --filename must be specified") }
            guard words.count > 1 else {
                throw invocation.usage("you must specify at least one command for the container")
            }
            throw invocation.usage(
                "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead")
        }
        guard dash > 0 else { throw invocation.usage("pod, type/name or --filename must be specified") }
        guard dash == 1 else {
            throw invocation.usage(
                "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead")
        }
        let command = Array(words[1...])
        guard !command.isEmpty else {
            throw invocation.usage("you must specify at least one command for the container")
        }
        let pod = try pod(words[0], invocation, on: &endpoint)
        if ["Succeeded", "Failed"].contains(pod.status.phase) {
            throw CommandFailure(
                "cannot exec into a container in a completed pod; current phase is \(pod.status.phase)")
        }
        let takesInput = arguments.bool("stdin")
        let request = ExecRequest(
            namespace: pod.metadata.namespace, pod: pod.metadata.name, container: try container(of: pod, invocation),
            command: command, takesInput: takesInput, hasTerminal: false)
        let environment = invocation.environment
        let ending = endpoint.execute(request, input: takesInput ? environment.standardInput() : nil) { output in
            if let output {
                let text = String(decoding: output.bytes, as: UTF8.self)
                if output.stream == .output { environment.write(text) } else { environment.writeError(text) }
            }
            return !environment.wantsToStop
        }
        switch ending {
        case .exited(0): return 0
        case .exited(let code):
            invocation.printError("command terminated with exit code \(code)")
            return code
        case .failed(let status):
            throw status.reason == "InternalError" ? CommandFailure(status.message) : CommandFailure(status)
        }
    }

    private static func pod(_ word: String, _ invocation: Invocation, on endpoint: inout some SimulatedEndpoint)
        throws(CommandFailure) -> Pod
    {
        if word.contains("/"), !["pod", "pods", "po"].contains(String(word.prefix { $0 != "/" })) {
            let found = try ResourceSelection([word]).fetch(on: &endpoint, namespace: invocation.namespace)
            if let failure = found.failures.first { throw CommandFailure(failure) }
            guard let target = found.objects.first else { throw CommandFailure("\(word) is not there") }
            guard let first = try LogsCommand.podsOf(target, on: &endpoint).first else {
                throw CommandFailure("timed out waiting for the condition")
            }
            return first
        }
        let name = word.split(separator: "/").last.map(String.init) ?? word
        let value = try endpoint.respond(
            to: APIRequest(.get, Pod.resource, namespace: invocation.namespace, name: name)
        ).object()
        do { return try Pod.decode(json: value).object } catch { throw CommandFailure(error.description) }
    }

    /// The container to run in: the flag's, the annotation's, or the first, which is said if there are several.
    private static func container(of pod: Pod, _ invocation: Invocation) throws(CommandFailure) -> String {
        let wanted = invocation.arguments.string("container")
        guard wanted.isEmpty else { return wanted }
        let all = pod.spec.containers.map(\.name)
        if let named = pod.metadata.annotations["kubectl.kubernetes.io/default-container"], all.contains(named) {
            return named
        }
        let others = pod.spec.initContainers.map { $0.name + " (init)" }
        let debuggers = pod.spec.ephemeralContainers.map { $0.ephemeralContainerCommon.name + " (ephem)" }
        let names = all + debuggers + others
        if names.count > 1, !invocation.arguments.bool("quiet") {
            invocation.printError("Defaulted container \"\(all.first ?? "")\" out of: \(names.joined(separator: ", "))")
        }
        return all.first ?? ""
    }
}
