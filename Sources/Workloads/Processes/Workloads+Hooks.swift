import ContainerRuntime
import Simulation

/// Lifecycle hooks: a sleep, a command or a request to the container itself.
extension Workloads {
    mutating func runHook(_ id: ContainerID, _ action: HookAction) {
        guard isRunning(id) else {
            reports.append(.hookFinished(id, succeeded: false))
            return
        }
        let slot = Int(id.slot)
        switch action {
        case .sleep(let duration): finishHook(slot, after: duration, succeeded: true)
        case .exec(let command):
            if let path = drainPath(slot), command.contains(where: { $0.contains(path) }) { drainConnections(slot) }
            // `sleep 10`, alone or inside a shell's script, is what almost every hook does.
            finishHook(
                slot, after: Self.sleep(in: command) ?? .milliseconds(5), succeeded: !Self.fails(command))
        case .httpGet(let path, let port):
            let isListening = listens(slot, on: port) && !processes[slot].isDeadlocked
            if isListening, path == drainPath(slot) { drainConnections(slot) }
            finishHook(slot, after: .milliseconds(isListening ? 5 : 0), succeeded: isListening)
        }
    }

    private func drainPath(_ slot: Int) -> String? {
        catalogue.programs[Int(processes[slot].behaviour)].behaviour.shutdown.drainPath
    }

    /// From now on answers close the connections that they came on; clients make new ones, wherever the service is.
    private mutating func drainConnections(_ slot: Int) { processes[slot].drainsConnections = true }

    /// The time that a command sleeps for, by the words `sleep N` in it.
    static func sleep(in command: [String]) -> Duration? {
        let words = command.flatMap { $0.split { $0 == " " || $0 == ";" || $0 == "&" || $0 == "\n" } }
        var total: Duration?
        for (index, word) in words.enumerated() where index + 1 < words.count {
            guard word == "sleep" || word.hasSuffix("/sleep") else { continue }
            let text = String(words[index + 1])
            guard
                let span = Double(text).map({ Duration(seconds: min(max(0, $0), 1e6)) }) ?? Duration(parsing: text)
            else { continue }
            total = (total ?? .zero) + span
        }
        return total
    }

    /// Whether a command says that it fails: `false`, or `exit` with another number than 0.
    static func fails(_ command: [String]) -> Bool {
        let words = command.flatMap { $0.split { $0 == " " || $0 == ";" || $0 == "&" || $0 == "\n" } }
        if let last = words.last, last == "false" || last.hasSuffix("/false") { return true }
        return zip(words, words.dropFirst()).contains { $0 == "exit" && (Int($1) ?? 0) != 0 }
    }

    private mutating func finishHook(_ slot: Int, after delay: Duration, succeeded: Bool) {
        guard delay > .zero else {
            reports.append(.hookFinished(processes[slot].id, succeeded: succeeded))
            return
        }
        let call = internalCall(.hook, in: slot)
        calls[call].outcome = succeeded ? .ok : .serverError
        calls[call].state = .waiting
        setWake(call, after: delay)
    }

    /// The hook's time is over.
    mutating func hookEnded(_ call: UInt32) {
        let slot = Int(calls[call].process)
        reports.append(.hookFinished(processes[slot].id, succeeded: calls[call].outcome == .ok))
        finishInternal(call)
    }
}
