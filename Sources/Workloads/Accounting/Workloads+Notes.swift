import ContainerRuntime
import Simulation

/// What the causal journal is told of programs, while somebody listens.
///
/// A note's link names the fault that a misfortune follows from by way of state: `workload-fault/ID`, which `World`
/// knows by the name that the scenario gave it.
extension Workloads {
    /// The fault that is being applied.
    var lastFault: String { "workload-fault/\(nextFault - 1)" }

    static func mebibytes(_ bytes: Int64) -> String { "\(bytes >> 20)Mi" }

    /// Notes what befalls a container, as a matter of its pod.
    mutating func note(_ slot: Int, _ text: String, link: String = "") {
        guard clock.journal != nil, let container = containers[slot] else { return }
        clock.note(
            "pod/\(container.namespace)/\(container.pod)", "container \(container.container): \(text)", link: link)
    }

    mutating func noteOutOfMemory(_ slot: Int, byMachine: Bool) {
        guard clock.journal != nil else { return }
        let process = processes[slot]
        var text = "killed, out of memory: \(Self.mebibytes(process.memory.resident)) in use"
        if byMachine {
            text += ", the machine has no memory left and this container is the first that the kernel would take"
        } else {
            text += ", its limit is \(Self.mebibytes(process.memoryLimit))"
        }
        var parts: [String] = []
        if process.memory.leaked > 0 {
            parts.append("\(Self.mebibytes(process.memory.leaked)) lost by requests that were served")
        }
        if process.memory.cache > 0 { parts.append("\(Self.mebibytes(process.memory.cache)) cached") }
        if process.inFlight > 0 { parts.append("\(process.inFlight) requests in flight") }
        if !parts.isEmpty { text += " (" + parts.joined(separator: ", ") + ")" }
        let image = containers[slot]?.image ?? ""
        let culprit = faults.last { active in
            switch active.fault {
            case .image(let name, let condition): condition.leakPerRequest > 0 && Self.image(image, is: name)
            case .memory(let target, _, _): target.image.map { Self.image(image, is: $0) } ?? true
            case .provider, .tool, .traffic, .retries, .deadlock, .block, .crash: false
            }
        }
        note(slot, text, link: culprit.map { "workload-fault/\($0.id.rawValue)" } ?? "")
    }

    mutating func noteCrash(_ slot: Int) {
        guard clock.journal != nil else { return }
        let image = containers[slot]?.image ?? ""
        let culprit = faults.last { active in
            guard case .image(let name, let condition) = active.fault else { return false }
            return (condition.crashPerRequest > 0 || condition.crashesAtStart) && Self.image(image, is: name)
        }
        note(slot, "the program ends itself: a crash", link: culprit.map { "workload-fault/\($0.id.rawValue)" } ?? "")
    }
}

// MARK: One request

extension Workloads {
    /// Follows one request from now on: each thing that happens to it becomes a note on `request/ID`, kept only while a
    /// journal is. Not part of the state; the request fares as it would unobserved.
    public mutating func follow(request: UInt64) { followed = request }

    /// Whether a request's number has been given out.
    public func hasBegun(request: UInt64) -> Bool { request < nextNumber }

    /// The number that the next request gets.
    public var nextRequest: UInt64 { nextNumber }

    /// Whether a call belongs to the request that is followed.
    @inline(__always) func isFollowed(_ call: UInt32) -> Bool { followed != 0 && calls[call].trace == followed }

    /// Notes something about the request that is followed.
    mutating func follow(_ text: String) { clock.note("request/\(followed)", text) }

    /// `namespace/pod` of a process, for a note.
    func podName(_ slot: Int) -> String { containers[slot].map { "\($0.namespace)/\($0.pod)" } ?? "a pod that is gone" }

    static func milliseconds(_ duration: Duration) -> String {
        let micros = duration.nanoseconds / 1_000
        if micros >= 10_000_000 { return "\(micros / 1_000_000).\(micros / 100_000 % 10) s" }
        return "\(micros / 1_000).\(micros / 100 % 10) ms"
    }

    /// What a burst asks for, and what it waits for.
    func burstNote(_ call: UInt32) -> String {
        let slot = Int(calls[call].process)
        let process = processes[slot]
        var text =
            "wants \(Self.milliseconds(.nanoseconds(Int64(min(calls[call].work, 1e18))))) of CPU in \(podName(slot))"
        if process.isDeadlocked {
            text += ", which stands still"
        } else if process.busyLoops >= process.workers {
            text += ", behind \(process.queueCount) other burst(s)"
        }
        return text
    }

    func toolNote(_ tool: Int, _ seconds: Double, _ timeout: Double, _ succeeded: Bool) -> String {
        let name =
            catalogue.tools.indices.contains(tool)
            ? catalogue.tools[tool] : "a tool that the scenario does not describe"
        if seconds > timeout { return "uses \(name), which takes longer than its time-out" }
        return "uses \(name): \(Self.milliseconds(Duration(seconds: seconds)))\(succeeded ? "" : ", an error")"
    }

    func failureNote(_ call: Call, _ outcome: Outcome) -> String {
        let name = services.indices.contains(Int(call.target)) ? services[Int(call.target)].level.name : "the service"
        switch outcome {
        case .refused:
            let index = services.indices.contains(Int(call.target)) ? services[Int(call.target)].index : -1
            let count = endpoints.services.indices.contains(index) ? endpoints.services[index].endpoints.count : 0
            return count == 0
                ? "\(name) refuses the connection: it has no ready endpoint"
                : "\(name): nothing listens at the chosen endpoint"
        case .reset: return "the connection to \(name) breaks: its pod died"
        default: return "\(name): \(outcome)"
        }
    }
}
