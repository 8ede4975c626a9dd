import KubernetesAPI

/// `kubectl diff`: what apply would change (`kubectl/pkg/cmd/diff`). Exit code 1 means that there are differences.
enum DiffCommand: Command {
    static let definition = CommandDefinition(
        "diff", "Diff the live version against a would-be applied version", usage: "-f FILENAME [options]",
        examples: ["diff -f deployment.yaml"],
        access: .reading,
        flags: [
            .filename, .recursive, .kustomize, .selector, .fieldManager,
            Flag("show-managed-fields", "", .bool, "If true, include managed fields in the diff."),
            Flag("server-side", "", .bool, "Compare with an apply in the server (not supported here)"),
            Flag("concurrency", "", .int, initial: "1", "Ignored: objects are compared one after another"),
        ])

    static func run(_ invocation: Invocation, on endpoint: inout some SimulatedEndpoint) throws(CommandFailure) -> Int32
    {
        guard invocation.arguments.has("filename") || invocation.arguments.has("kustomize") else {
            throw CommandFailure("must specify one of -f and -k")
        }
        if invocation.arguments.bool("server-side") {
            throw CommandFailure("--server-side is not supported here; diff without it compares the same change")
        }
        var command = ApplyCommand(files: [], namespace: invocation.namespace, dryRun: true)
        command.fieldValidation = .warn
        var differs = false
        for object in try invocation.manifestObjects() {
            let resource = object.kind.resource
            var live: JSONValue?
            if case .object(let value) = endpoint.respond(
                to: APIRequest(.get, resource, namespace: object.namespace, name: object.name)
            ).body {
                live = value
            }
            let result = command.apply(object, on: &endpoint)
            guard result.failure == nil, let merged = result.applied else {
                throw CommandFailure(text: result.text, exitCode: 2)
            }
            let version = resource.apiVersion.replacing("/", with: ".")
            let name = [version, resource.kind, object.namespace, object.name].joined(separator: ".")
            let text = UnifiedDifference.text(
                from: live.map { lines($0, invocation) } ?? [], to: lines(merged, invocation), oldName: "LIVE/\(name)",
                newName: "MERGED/\(name)")
            guard !text.isEmpty else { continue }
            differs = true
            invocation.write("diff -u -N LIVE/\(name) MERGED/\(name)\n" + text)
        }
        return differs ? 1 : 0
    }

    private static func lines(_ object: JSONValue, _ invocation: Invocation) -> [String] {
        let shown =
            invocation.arguments.bool("show-managed-fields") ? object : ObjectPrinter.withoutManagedFields(object)
        var lines = YAMLWriter.text(shown).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}

/// The differences between two texts as `diff -u` prints them, with three lines around each.
enum UnifiedDifference {
    private enum Step: Equatable { case keep, remove, add }

    static func text(from old: [String], to new: [String], oldName: String, newName: String) -> String {
        let script = script(old, new)
        guard script.contains(where: { $0 != .keep }) else { return "" }
        var output = "--- \(oldName)\n+++ \(newName)\n"
        var index = 0
        // The lines of each side before the step at `index`.
        var (before, after) = (0, 0)
        while index < script.count {
            guard script[index...].contains(where: { $0 != .keep }) else { break }
            let first = script[index...].firstIndex { $0 != .keep } ?? index
            let start = max(index, first - 3)
            before += start - index
            after += start - index
            var end = first
            var quiet = 0
            var position = first
            while position < script.count, quiet <= 6 {
                quiet = script[position] == .keep ? quiet + 1 : 0
                position += 1
                if quiet == 0 { end = position }
            }
            end = min(script.count, end + 3)
            var body = ""
            let (oldStart, newStart) = (before, after)
            for step in script[start..<end] {
                switch step {
                case .keep:
                    body += " \(old[before])\n"
                    before += 1
                    after += 1
                case .remove:
                    body += "-\(old[before])\n"
                    before += 1
                case .add:
                    body += "+\(new[after])\n"
                    after += 1
                }
            }
            output += "@@ -\(range(oldStart, before - oldStart)) +\(range(newStart, after - newStart)) @@\n" + body
            index = end
        }
        return output
    }

    private static func range(_ start: Int, _ count: Int) -> String {
        if count == 1 { return "\(start + 1)" }
        return "\(count == 0 ? start : start + 1),\(count)"
    }

    /// The shortest way from one text to the other (Myers' greedy algorithm), removals before additions.
    private static func script(_ old: [String], _ new: [String]) -> [Step] {
        let (n, m) = (old.count, new.count)
        let most = n + m
        guard most > 0 else { return [] }
        var furthest = Array(repeating: 0, count: 2 * most + 2)
        var traces: [[Int]] = []
        search: for distance in 0...most {
            traces.append(furthest)
            for diagonal in stride(from: -distance, through: distance, by: 2) {
                let down =
                    diagonal == -distance
                    || (diagonal != distance && furthest[most + diagonal - 1] < furthest[most + diagonal + 1])
                var x = down ? furthest[most + diagonal + 1] : furthest[most + diagonal - 1] + 1
                var y = x - diagonal
                while x < n, y < m, old[x] == new[y] {
                    x += 1
                    y += 1
                }
                furthest[most + diagonal] = x
                if x >= n, y >= m { break search }
            }
        }
        var steps: [Step] = []
        var (x, y) = (n, m)
        for distance in stride(from: traces.count - 1, through: 0, by: -1) {
            let trace = traces[distance]
            let diagonal = x - y
            let down =
                diagonal == -distance
                || (diagonal != distance && trace[most + diagonal - 1] < trace[most + diagonal + 1])
            let previous = down ? diagonal + 1 : diagonal - 1
            let previousX = distance == 0 ? 0 : trace[most + previous]
            let previousY = distance == 0 ? 0 : previousX - previous
            while x > previousX, y > previousY {
                steps.append(.keep)
                x -= 1
                y -= 1
            }
            guard distance > 0 else { break }
            steps.append(down ? .add : .remove)
            (x, y) = (previousX, previousY)
        }
        return steps.reversed()
    }
}
