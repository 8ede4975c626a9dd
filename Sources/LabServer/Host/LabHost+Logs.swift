import Cluster
import ContainerRuntime
import KubernetesAPI
import Lab
import Simulation
import Workloads

/// A log that a client follows: that of one run of a container, however much longer its pod is there.
struct HostedLog {
    let id: Int
    let request: APIRequest
    let run: ContainerID
    /// The instant of the last line that the client has, and how many lines of that instant it has.
    var last: (time: SimulationTime, count: Int)
    /// Bytes that the client still wants; nil for all.
    var left: Int64?
    /// Takes what is new; nil at the end of the log.
    let give: @Sendable ([UInt8]?) -> Void
}

extension LabHost {
    /// Gives a log: what its options want of it at once, then what is written to it, until the run ends.
    /// - Throws: what is answered where there is none.
    /// - Returns: its number.
    func follow(_ request: APIRequest, give: @escaping @Sendable ([UInt8]?) -> Void) throws(APIStatus) -> Int {
        try authorize(request)
        let world = session.world
        let log = try world.cluster.containerLog(request, world.workloads)
        let text = Array(world.cluster.logText(of: log.lines, request.log, now: now).utf8)
        if !text.isEmpty { give(text) }
        let id = nextNumber
        nextNumber += 1
        let left = request.log.limitBytes.map { max(0, $0 - Int64(text.count)) }
        guard let run = log.run, log.isOpen, left != 0 else {
            give(nil)
            return id
        }
        var hosted = HostedLog(id: id, request: request, run: run, last: (.zero, 0), left: left, give: give)
        hosted.advance(past: log.lines)
        logs.append(hosted)
        return id
    }

    func end(log: Int) { logs.removeAll { $0.id == log } }

    /// Gives what was written since the last look. A container that begins again has a log of its own.
    func giveLogs() {
        guard !logs.isEmpty else { return }
        let world = session.world
        var ended: [Int] = []
        for index in logs.indices {
            let (request, run) = (logs[index].request, logs[index].run)
            let lines = logs[index].new(of: world.workloads.logLines(of: run))
            if !lines.isEmpty {
                var options = LogOptions(timestamps: request.log.timestamps)
                options.limitBytes = logs[index].left
                let text = Array(world.cluster.logText(of: lines, options, now: now).utf8)
                logs[index].give(text)
                logs[index].advance(past: lines)
                if let left = logs[index].left { logs[index].left = max(0, left - Int64(text.count)) }
            }
            let log = try? world.cluster.containerLog(request, world.workloads)
            guard log?.run == run, log?.isOpen == true, logs[index].left != 0 else {
                logs[index].give(nil)
                ended.append(logs[index].id)
                continue
            }
        }
        logs.removeAll { ended.contains($0.id) }
    }
}

extension HostedLog {
    /// Those of a run's lines that the client does not have.
    fileprivate func new(of lines: [LogLine]) -> [LogLine] {
        let later = lines.drop { $0.time < last.time }
        return Array(later.dropFirst(min(last.count, later.prefix { $0.time == last.time }.count)))
    }

    /// The client has these lines, which follow on what it had.
    fileprivate mutating func advance(past lines: [LogLine]) {
        guard let time = lines.last?.time else { return }
        let count = lines.reversed().prefix { $0.time == time }.count
        last = (time, time == last.time ? last.count + count : count)
    }
}
