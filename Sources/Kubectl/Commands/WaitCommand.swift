import KubernetesAPI

/// `kubectl wait` (`kubectl/pkg/cmd/wait`).
enum WaitCommand: Command {
    static let definition = CommandDefinition(
        "wait", "Wait for a specific condition on one or many resources",
        usage:
            "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]",
        examples: [
            "wait --for=condition=Ready pod/web-1", "wait --for=jsonpath='{.status.readyReplicas}'=3 deploy/web",
            "wait --for=delete pod/web-1 --timeout=60s",
        ],
        flags: [
            .filename, .recursive, .selector, .fieldSelector, .allNamespaces, .output, .showManagedFields,
            Flag("all", "", .bool, "Select all resources in the namespace of the specified resource types"),
            Flag(
                "for", "", .repeated,
                "The condition to wait on: [create|delete|condition=condition-name[=condition-value]|jsonpath='{JSONPath expression}'=[JSONPath value]]"
            ),
            Flag(
                "timeout", "", .duration, initial: "30s",
                "The length of simulated time to wait. Zero means check once and don't wait, negative means wait for a week"
            ),
        ])

    /// What to wait for.
    enum Goal: Sendable {
        case create
        case delete
        case condition(String, status: String)
        case path(JSONPathTemplate, value: String?)

        init(_ text: String) throws(CommandFailure) {
            if text.lowercased() == "delete" {
                self = .delete
            } else if text.lowercased() == "create" {
                self = .create
            } else if text.hasPrefix("condition=") {
                let parts = text.dropFirst("condition=".count).split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false
                ).map(String.init)
                self = .condition(parts[0], status: parts.count > 1 ? parts[1] : "true")
            } else if text.hasPrefix("jsonpath=") {
                let body = text.dropFirst("jsonpath=".count)
                let end =
                    body.lastIndex(of: "}").map { body.index(after: $0) } ?? body.firstIndex(of: "=") ?? body.endIndex
                var path = String(body[..<end])
                for quote in ["'", "\""] where path.hasPrefix(quote) { path.removeFirst() }
                let rest = body[end...].drop { $0 == "'" || $0 == "\"" }
                do {
                    let template = try JSONPathTemplate(relaxed: path)
                    guard !rest.isEmpty else {
                        self = .path(template, value: nil)
                        return
                    }
                    guard rest.hasPrefix("="), rest.count > 1 else {
                        throw CommandFailure(
                            "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'"
                        )
                    }
                    var value = String(rest.dropFirst())
                    for quote in ["'", "\""] where value.count > 1 && value.hasPrefix(quote) && value.hasSuffix(quote) {
                        value = String(value.dropFirst().dropLast())
                    }
                    self = .path(template, value: value)
                } catch let error as CommandFailure { throw error } catch let error as JSONPathTemplate.TemplateError {
                    throw CommandFailure(error.message)
                } catch { throw CommandFailure("\(error)") }
            } else {
                throw CommandFailure("unrecognized condition: \"\(text)\"")
            }
        }

        /// Whether an object is there yet.
        func isMet(by object: JSONValue) -> Bool {
            switch self {
            case .create: return true
            case .delete: return false
            case .condition(let name, let status):
                guard
                    let row = object["status"]?["conditions"]?.array?.first(where: {
                        $0["type"]?.string?.lowercased() == name.lowercased()
                    })
                else { return false }
                if case .integer(let generation)? = object["metadata"]?["generation"] {
                    // What an older generation reached does not count.
                    for observed in [row["observedGeneration"], object["status"]?["observedGeneration"]] {
                        if case .integer(let number)? = observed, number < generation { return false }
                    }
                }
                return row["status"]?.string?.lowercased() == status.lowercased()
            case .path(let template, let value):
                guard let found = try? template.values(in: object), let first = found.first, found.count == 1 else {
                    return false
                }
                switch first {
                case .object, .array: return false
                case .null: return false
                default: return value.map { JSONPathTemplate.print(first).lowercased() == $0.lowercased() } ?? true
                }
            }
        }
    }

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let texts = arguments.list("for")
        guard !texts.isEmpty else {
            throw CommandFailure("You must specify at least one --for: create, delete, condition=…, or jsonpath=…")
        }
        var goals: [Goal] = []
        for text in texts { goals.append(try Goal(text)) }
        let given = arguments.duration("timeout")
        var left: Duration = given < .zero ? .seconds(7 * 86_400) : given
        var reporter = try Reporter(invocation)
        var failures: [CommandFailure] = []
        for goal in goals {
            let found = try awaited(invocation, goal, &left, on: &endpoint)
            if case .delete = goal {} else { failures += found.failures.map { CommandFailure($0) } }
            if found.objects.isEmpty, found.failures.isEmpty {
                if case .delete = goal { continue }
                throw CommandFailure("no matching resources found")
            }
            for target in found.objects {
                let start = endpoint.wallTime
                let met = wait(for: target, goal, left, invocation.environment, on: &endpoint)
                left -= .seconds(endpoint.wallTime.epochSeconds - start.epochSeconds)
                if let met {
                    try reporter.report(target.kind.resource, target.name, "condition met", met)
                } else {
                    failures.append(
                        CommandFailure(
                            "timed out waiting for the condition on \(target.kind.resource.plural)/\(target.name)"))
                }
            }
        }
        return invocation.finish(failures)
    }

    /// The objects to wait for; for `--for=create` time passes until they are there.
    private static func awaited(
        _ invocation: Invocation, _ goal: Goal, _ left: inout Duration, on endpoint: inout some SimulatedEndpoint
    ) throws(CommandFailure) -> FetchResult {
        var found = try invocation.targets(invocation.arguments.positional, on: &endpoint)
        guard case .create = goal else { return found }
        while found.objects.isEmpty, left > .zero, !invocation.environment.wantsToStop {
            endpoint.pass(.seconds(1))
            left -= .seconds(1)
            found = try invocation.targets(invocation.arguments.positional, on: &endpoint)
        }
        return found
    }

    /// The object when it was there; nil when the time was over.
    private static func wait(
        for target: FetchedObject, _ goal: Goal, _ left: Duration, _ environment: any KubectlEnvironment,
        on endpoint: inout some SimulatedEndpoint
    ) -> JSONValue? {
        let get = APIRequest(.get, target.kind.resource, namespace: target.namespace, name: target.name)
        let answer = endpoint.respond(to: get)
        let uid = target.value["metadata"]?["uid"]?.string
        if case .object(let value) = answer.body {
            if goal.isMet(by: value) { return value }
            if case .delete = goal, value["metadata"]?["uid"]?.string != uid { return target.value }
        } else if case .delete = goal {
            return target.value
        }
        guard left > .zero else { return nil }
        var result: JSONValue?
        let request = APIRequest(.list, target.kind.resource, namespace: target.namespace, name: target.name)
        endpoint.follow(request, WatchBudget(limit: left, environment)) { event, _ in
            guard let event else { return true }
            if event.kind == .deleted {
                if case .delete = goal { result = event.object }
            } else if goal.isMet(by: event.object) {
                result = event.object
            }
            return result == nil
        }
        return result
    }
}
