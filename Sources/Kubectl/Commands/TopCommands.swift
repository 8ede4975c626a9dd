import KubernetesAPI

/// How `top` writes amounts (`kubectl/pkg/metricsutil/metrics_printer.go`).
private enum Usage {
    static func cpu(_ amount: Quantity) -> String { "\(amount.milliValue)m" }
    static func memory(_ amount: Quantity) -> String { "\(amount.value / (1 << 20))Mi" }

    static func percent(_ amount: Quantity, of whole: Quantity?) -> String {
        guard let whole, whole.milliValue > 0 else { return "<unknown>" }
        return "\(Int64(amount.doubleValue / whole.doubleValue * 100))%"
    }

    /// A line whose every cell, the last one too, ends with a tab.
    static func line(_ cells: [String]) -> String { cells.map { $0 + "\t" }.joined() + "\n" }

    static func checkOrder(_ invocation: Invocation) throws(CommandFailure) -> String {
        let order = invocation.arguments.string("sort-by")
        guard ["", "cpu", "memory"].contains(order) else {
            throw CommandFailure("--sort-by accepts only cpu or memory")
        }
        return order
    }

    static let flags: [Flag] = [
        .selector, Flag("sort-by", "If non-empty, sort by 'cpu' or 'memory', largest first"),
        Flag("no-headers", "", .bool, "If present, print output without headers"),
        Flag("use-protocol-buffers", "", .bool, initial: "true", "Ignored: there is no wire"),
    ]

    static func decline(_ status: APIStatus) -> CommandFailure {
        status.reason == "NotFound" && status.message.contains("could not find the requested resource")
            ? CommandFailure("Metrics API not available") : CommandFailure(status)
    }
}

enum TopPodCommand: Command {
    static let definition = CommandDefinition(
        "top pod", aliases: ["pods", "po"], "Display resource (CPU/memory) usage of pods",
        usage: "[NAME | -l label] [options]",
        examples: ["top pods", "top pod web-1 --containers", "top pods -A --sort-by=memory", "top pods --sum"],
        access: .reading,
        flags: Usage.flags + [
            .allNamespaces, .fieldSelector,
            Flag("containers", "", .bool, "If present, print usage of containers within a pod"),
            Flag("sum", "", .bool, "Print the sum of the resource usage"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let order = try Usage.checkOrder(invocation)
        let everywhere = arguments.bool("all-namespaces")
        let names = arguments.positional
        guard names.count <= 1 else {
            throw invocation.usage("unexpected arguments: [\(names.joined(separator: " "))]")
        }
        if !names.isEmpty, !arguments.string("selector").isEmpty {
            throw CommandFailure("only one of NAME or --selector can be provided")
        }
        let namespace = everywhere ? "" : invocation.namespace
        var metrics: [PodMetrics]
        if let name = names.first {
            let answer = endpoint.respond(to: APIRequest(.get, PodMetrics.resource, namespace: namespace, name: name))
            switch answer.body {
            case .object(let value): metrics = (try? PodMetrics.decode(json: value).object).map { [$0] } ?? []
            case .failure(let status): throw Usage.decline(status)
            case .list, .text: metrics = []
            }
        } else {
            let request = APIRequest(
                .list, PodMetrics.resource, namespace: namespace, labelSelector: arguments.string("selector"),
                fieldSelector: arguments.string("field-selector"))
            switch endpoint.respond(to: request).body {
            case .list(let items): metrics = items.compactMap { try? PodMetrics.decode(json: $0).object }
            case .failure(let status): throw Usage.decline(status)
            case .object, .text: metrics = []
            }
        }
        if metrics.isEmpty {
            try explainAbsence(namespace, arguments.string("selector"), on: &endpoint)
            invocation.printError(everywhere ? "No resources found" : "No resources found in \(namespace) namespace.")
            return 0
        }
        metrics = sorted(metrics, order)
        invocation.write(text(metrics, invocation, everywhere))
        return 0
    }

    /// Why no metrics came, if there are pods.
    private static func explainAbsence(
        _ namespace: String, _ selector: String, on endpoint: inout some SimulatedEndpoint
    ) throws(CommandFailure) {
        let pods = endpoint.list(Pod.self, namespace: namespace, labelSelector: selector)
        guard !pods.isEmpty else { return }
        for pod in pods {
            let age = endpoint.wallTime.epochSeconds - (pod.metadata.creationTimestamp?.epochSeconds ?? 0)
            if age > 120 {
                throw CommandFailure(
                    "Metrics not available for pod \(pod.metadata.namespace)/\(pod.metadata.name), age: \(GoDuration.seconds(age))"
                )
            }
        }
        throw CommandFailure("metrics not available yet")
    }

    private static func total(_ metrics: PodMetrics, _ name: String) -> Quantity {
        metrics.containers.reduce(Quantity(0)) { $0 + ($1.usage[name] ?? Quantity(0)) }
    }

    private static func sorted(_ metrics: [PodMetrics], _ order: String) -> [PodMetrics] {
        metrics.map { (object: $0, amount: order.isEmpty ? Quantity(0) : total($0, order)) }.sorted { left, right in
            if left.amount != right.amount { return left.amount > right.amount }
            return left.object.key.utf8.lexicographicallyPrecedes(right.object.key.utf8)
        }.map(\.object)
    }

    private static func text(_ metrics: [PodMetrics], _ invocation: Invocation, _ everywhere: Bool) -> String {
        let arguments = invocation.arguments
        let byContainer = arguments.bool("containers")
        var lines = ""
        if !arguments.bool("no-headers") {
            lines += Usage.line(
                (everywhere ? ["NAMESPACE"] : []) + (byContainer ? ["POD"] : []) + [
                    "NAME", "CPU(cores)", "MEMORY(bytes)",
                ])
        }
        var sum: (cpu: Quantity, memory: Quantity) = (Quantity(0), Quantity(0))
        for pod in metrics {
            let namespace = everywhere ? [pod.metadata.namespace] : []
            sum.cpu += total(pod, "cpu")
            sum.memory += total(pod, "memory")
            guard byContainer else {
                lines += Usage.line(
                    namespace + [pod.metadata.name, Usage.cpu(total(pod, "cpu")), Usage.memory(total(pod, "memory"))])
                continue
            }
            let order = arguments.string("sort-by")
            let containers = pod.containers.sorted { left, right in
                let (a, b) = (left.usage[order] ?? Quantity(0), right.usage[order] ?? Quantity(0))
                return a != b ? a > b : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
            }
            for container in containers {
                lines += Usage.line(
                    namespace + [
                        pod.metadata.name, container.name, Usage.cpu(container.usage["cpu"] ?? Quantity(0)),
                        Usage.memory(container.usage["memory"] ?? Quantity(0)),
                    ])
            }
        }
        if arguments.bool("sum") {
            let columns = 3 + (everywhere ? 1 : 0) + (byContainer ? 1 : 0)
            let blanks = Array(repeating: "", count: columns - 2)
            lines += Usage.line(blanks + ["________", "________"])
            lines += Usage.line(blanks + [Usage.cpu(sum.cpu), Usage.memory(sum.memory)])
        }
        var writer = TabWriter.table
        return writer.aligned(lines)
    }
}

enum TopNodeCommand: Command {
    static let definition = CommandDefinition(
        "top node", aliases: ["nodes", "no"], "Display resource (CPU/memory) usage of nodes",
        usage: "[NAME | -l label] [options]",
        examples: ["top nodes", "top node worker-1"],
        access: .reading,
        flags: Usage.flags + [
            Flag(
                "show-capacity", "", .bool,
                "Print node resources based on Capacity instead of Allocatable(default) of the nodes")
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        let arguments = invocation.arguments
        let order = try Usage.checkOrder(invocation)
        let names = arguments.positional
        guard names.count <= 1 else {
            throw invocation.usage("unexpected arguments: [\(names.joined(separator: " "))]")
        }
        var nodes: [Node]
        if let name = names.first {
            let value = try endpoint.respond(to: APIRequest(.get, Node.resource, name: name)).object()
            nodes = (try? Node.decode(json: value).object).map { [$0] } ?? []
        } else {
            nodes = endpoint.list(Node.self, labelSelector: arguments.string("selector"))
        }
        var metrics: [String: NodeMetrics] = [:]
        switch endpoint.respond(to: APIRequest(.list, NodeMetrics.resource)).body {
        case .list(let items):
            for item in items {
                if let row = try? NodeMetrics.decode(json: item).object { metrics[row.metadata.name] = row }
            }
        case .failure(let status): throw Usage.decline(status)
        case .object, .text: break
        }
        guard nodes.contains(where: { metrics[$0.metadata.name] != nil }) else {
            throw CommandFailure("metrics not available yet")
        }
        func amount(_ node: Node) -> Quantity { metrics[node.metadata.name]?.usage[order] ?? Quantity(0) }
        nodes.sort { left, right in
            if !order.isEmpty, amount(left) != amount(right) { return amount(left) > amount(right) }
            return left.metadata.name.utf8.lexicographicallyPrecedes(right.metadata.name.utf8)
        }
        var lines =
            arguments.bool("no-headers")
            ? "" : Usage.line(["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"])
        // Nodes without metrics come last.
        for node in nodes where metrics[node.metadata.name] != nil {
            let usage = metrics[node.metadata.name]?.usage ?? [:]
            let whole =
                arguments.bool("show-capacity") || node.status.allocatable.isEmpty
                ? node.status.capacity : node.status.allocatable
            let (cpu, memory) = (usage["cpu"] ?? Quantity(0), usage["memory"] ?? Quantity(0))
            lines += Usage.line([
                node.metadata.name, Usage.cpu(cpu), Usage.percent(cpu, of: whole["cpu"]), Usage.memory(memory),
                Usage.percent(memory, of: whole["memory"]),
            ])
        }
        for node in nodes where metrics[node.metadata.name] == nil {
            lines += Usage.line([node.metadata.name] + Array(repeating: "<unknown>", count: 4))
        }
        var writer = TabWriter.table
        invocation.write(writer.aligned(lines))
        return 0
    }
}
