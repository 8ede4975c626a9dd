import KubernetesAPI

/// `kubectl logs` (`kubectl/pkg/cmd/logs`, `polymorphichelpers/logsforobject.go`).
enum LogsCommand: Command {
    static let definition = CommandDefinition(
        "logs", "Print the logs for a container in a pod or specified resource",
        usage: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]",
        examples: [
            "logs web-1", "logs web-1 -c sidecar --tail=20", "logs -l app=web --prefix", "logs deploy/web -f --for 5m",
            "logs web-1 --previous",
        ],
        access: .reading,
        flags: [
            .selector, .watchFor,
            Flag("container", "c", "Print the logs of this container"),
            Flag("all-containers", "", .bool, "Get all containers' logs in the pod(s)"),
            Flag("all-pods", "", .bool, "Get logs from all pod(s). Sets prefix to true"),
            Flag("follow", "f", .bool, "Let simulated time pass and print what is written meanwhile"),
            Flag(
                "for", "", .duration,
                "Simulated time to follow; zero means until nothing is written for a minute, ten minutes at most"),
            Flag("previous", "p", .bool, "Print the logs of the container's previous run"),
            Flag(
                "tail", "", .int, initial: "-1",
                "Lines of recent log to display. Defaults to -1 with no selector, showing all log lines; otherwise 10"),
            Flag("since", "", .duration, "Only return logs newer than a relative duration like 5s, 2m, or 3h"),
            Flag("since-time", "Only return logs after a specific date (RFC3339)"),
            Flag("timestamps", "", .bool, "Include timestamps on each line in the log output"),
            Flag("limit-bytes", "", .int, "Maximum bytes of logs to return"),
            Flag("prefix", "", .bool, "Prefix each log line with the log source (pod name and container name)"),
            Flag(
                "ignore-errors", "", .bool,
                "If watching / following pod logs, allow for any errors that occur to be non-fatal"),
            Flag("max-log-requests", "", .int, initial: "5", "Maximum number of logs to follow when using a selector"),
        ])

    /// One log to print.
    private struct Source {
        var pod: Pod
        var container: String
        var options: LogOptions
        var prefix: String
    }

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let pods = try pods(invocation, on: &endpoint)
        guard !pods.isEmpty else {
            invocation.printError("No resources found in \(invocation.namespace) namespace.")
            return 0
        }
        let options = try options(invocation)
        var sources: [Source] = []
        let usesPrefix = arguments.bool("prefix") || arguments.bool("all-pods")
        for pod in pods {
            for container in try containers(of: pod, invocation) {
                var own = options
                own.container = container
                sources.append(
                    Source(
                        pod: pod, container: container, options: own,
                        prefix: usesPrefix ? "[pod/\(pod.metadata.name)/\(container)] " : ""))
            }
        }
        if arguments.bool("follow") {
            let limit = arguments.int("max-log-requests")
            guard sources.count <= limit else {
                throw CommandFailure(
                    "you are attempting to follow \(sources.count) log streams, but maximum allowed concurrency is \(limit), use --max-log-requests to increase the limit"
                )
            }
            return try follow(sources, invocation, on: &endpoint)
        }
        var failures: [CommandFailure] = []
        for source in sources {
            do { invocation.write(prefixed(try read(source, on: &endpoint), source.prefix)) } catch {
                guard arguments.bool("ignore-errors") else { throw error }
                failures.append(error)
            }
        }
        for failure in failures { invocation.printError(failure.text) }
        return 0
    }

    private static func pods(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure)
        -> [Pod]
    {
        let arguments = invocation.arguments
        let selector = arguments.string("selector")
        let words = arguments.positional
        let expectation =
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"
        guard !words.isEmpty || !selector.isEmpty else { throw invocation.usage(expectation) }
        guard words.count <= 2 else { throw invocation.usage(expectation) }
        if !selector.isEmpty {
            guard words.isEmpty else { throw invocation.usage("only a selector (-l) or a POD name is allowed") }
            switch endpoint.respond(
                to: APIRequest(.list, Pod.resource, namespace: invocation.namespace, labelSelector: selector)
            ).body {
            case .list(let items): return items.compactMap { try? Pod.decode(json: $0).object }
            case .failure(let status): throw CommandFailure(status)
            case .object, .text: return []
            }
        }
        let word = words[0]
        if words.count == 2, !arguments.string("container").isEmpty {
            throw invocation.usage("only one of -c or an inline [CONTAINER] arg is allowed")
        }
        guard word.contains("/"), !word.hasPrefix("pod/"), !word.hasPrefix("pods/"), !word.hasPrefix("po/") else {
            let name = word.split(separator: "/").last.map(String.init) ?? word
            let value = try endpoint.respond(
                to: APIRequest(.get, Pod.resource, namespace: invocation.namespace, name: name)
            ).object()
            return (try? Pod.decode(json: value).object).map { [$0] } ?? []
        }
        let selection = try ResourceSelection([word])
        let found = selection.fetch(on: &endpoint, namespace: invocation.namespace)
        if let failure = found.failures.first { throw CommandFailure(failure) }
        guard let target = found.objects.first else { return [] }
        let all = try podsOf(target, on: &endpoint)
        guard let first = all.first else { throw CommandFailure("timed out waiting for the condition") }
        if arguments.bool("all-pods") { return all }
        if all.count > 1 { invocation.printError("Found \(all.count) pods, using pod/\(first.metadata.name)") }
        return [first]
    }

    /// The pods of a workload, those that serve before others, the oldest first.
    static func podsOf(_ target: FetchedObject, on endpoint: inout some SimulatedEndpoint)
        throws(CommandFailure) -> [Pod]
    {
        let selector: String
        if target.kind.resource.kind == "Service" {
            guard let service = target.decoded(Service.self), !service.spec.selector.isEmpty else {
                throw CommandFailure("cannot get the logs from \(target.label): the service has no selector")
            }
            selector = LabelQuery(matchLabels: service.spec.selector).description
        } else if let value = target.value["spec"]?["selector"] {
            var reader = JSONFieldReader()
            var labels = LabelSelector()
            try? labels.setJSON(value, &reader)
            selector = LabelQuery(labels).description
        } else {
            throw CommandFailure(
                "cannot get the logs from \(target.kind.resource.apiVersion), Kind=\(target.kind.resource.kind): no selector"
            )
        }
        return endpoint.list(Pod.self, namespace: target.namespace, labelSelector: selector).enumerated().sorted {
            left, right in
            let (a, b) = (left.element, right.element)
            let first = (
                a.status.phase == "Running" ? 0 : 1, a.metadata.creationTimestamp?.epochSeconds ?? 0, left.offset
            )
            let second = (
                b.status.phase == "Running" ? 0 : 1, b.metadata.creationTimestamp?.epochSeconds ?? 0, right.offset
            )
            return first < second
        }.map(\.element)
    }

    /// Which containers' logs: all, the named one, the default one.
    private static func containers(of pod: Pod, _ invocation: Invocation) throws(CommandFailure) -> [String] {
        let arguments = invocation.arguments
        let initial = pod.spec.initContainers.map(\.name)
        let regular = pod.spec.containers.map(\.name)
        if arguments.bool("all-containers") {
            guard arguments.string("container").isEmpty else {
                throw CommandFailure(
                    "--all-containers=true should not be specified with container name \(arguments.string("container"))"
                )
            }
            return initial + regular
        }
        let inline = arguments.positional.count > 1 ? arguments.positional[1] : ""
        let named = arguments.string("container").or(inline)
        if !named.isEmpty {
            guard (initial + regular).contains(named) else {
                throw CommandFailure("container \(named) is not valid for pod \(pod.metadata.name)")
            }
            return [named]
        }
        let annotated = pod.metadata.annotations["kubectl.kubernetes.io/default-container"] ?? ""
        if regular.contains(annotated) { return [annotated] }
        guard let first = regular.first else {
            throw CommandFailure(
                "a container name must be specified for pod \(pod.metadata.name), choose one of: [\((initial + regular).joined(separator: " "))]"
            )
        }
        if regular.count + initial.count > 1 {
            let all = regular + initial.map { $0 + " (init)" }
            invocation.printError("Defaulted container \"\(first)\" out of: \(all.joined(separator: ", "))")
        }
        return [first]
    }

    private static func options(_ invocation: Invocation) throws(CommandFailure) -> LogOptions {
        let arguments = invocation.arguments
        var options = LogOptions()
        options.previous = arguments.bool("previous")
        options.timestamps = arguments.bool("timestamps")
        if arguments.has("since"), arguments.has("since-time") {
            throw invocation.usage("only one of since-time / since may be used")
        }
        if arguments.has("since") {
            let parts = arguments.duration("since").components
            options.sinceSeconds = parts.seconds + (parts.attoseconds > 0 ? 1 : 0)
        }
        if arguments.has("since-time") {
            guard let time = CivilTime.parse(arguments.string("since-time")) else {
                throw CommandFailure(
                    "parsing time \"\(arguments.string("since-time"))\" as \"2006-01-02T15:04:05Z07:00\": cannot parse it"
                )
            }
            options.sinceTime = Time(epochSeconds: time.seconds)
        }
        if arguments.int("limit-bytes") > 0 { options.limitBytes = arguments.int("limit-bytes") }
        let tail = arguments.int("tail")
        guard tail >= -1 else { throw CommandFailure("--tail must be greater than or equal to -1") }
        if tail >= 0 {
            options.tailLines = tail
        } else if !arguments.string("selector").isEmpty {
            options.tailLines = 10
        }
        return options
    }

    private static func read(_ source: Source, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure)
        -> String
    {
        var request = APIRequest(
            .get, Pod.resource, namespace: source.pod.metadata.namespace, name: source.pod.metadata.name,
            subresource: "log")
        request.log = source.options
        switch endpoint.respond(to: request).body {
        case .text(let text): return text
        case .failure(let status): throw CommandFailure(status)
        case .object, .list: throw CommandFailure("the server gave an unexpected answer")
        }
    }

    private static func prefixed(_ text: String, _ prefix: String) -> String {
        guard !prefix.isEmpty, !text.isEmpty else { return text }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { prefix + $0 + "\n" }.joined()
    }

    /// Prints what there is, then what comes, a simulated second at a time.
    private static func follow(_ sources: [Source], _ invocation: Invocation, on endpoint: inout some SimulatedEndpoint)
        throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let budget = WatchBudget(
            arguments.has("for") ? arguments.duration("for") : arguments.duration("watch-for"), invocation.environment)
        var printed: [Int] = []
        for source in sources {
            invocation.write(prefixed(try read(source, on: &endpoint), source.prefix))
            printed.append(try read(wholeLog(source), on: &endpoint).utf8.count)
        }
        var quiet = 0
        var left = budget.limit
        while left > .zero, budget.goesOn(quiet: quiet) {
            endpoint.pass(min(left, .seconds(1)))
            left -= .seconds(1)
            quiet += 1
            for (index, source) in sources.enumerated() {
                guard let whole = try? read(wholeLog(source), on: &endpoint) else { continue }
                let bytes = whole.utf8
                // A container that began again has a log of its own.
                if bytes.count < printed[index] { printed[index] = 0 }
                guard bytes.count > printed[index] else { continue }
                quiet = 0
                invocation.write(
                    prefixed(String(decoding: Array(bytes.dropFirst(printed[index])), as: UTF8.self), source.prefix))
                printed[index] = bytes.count
            }
        }
        return 0
    }

    private static func wholeLog(_ source: Source) -> Source {
        var whole = source
        whole.options.tailLines = nil
        whole.options.sinceSeconds = nil
        whole.options.sinceTime = nil
        whole.options.limitBytes = nil
        return whole
    }
}
