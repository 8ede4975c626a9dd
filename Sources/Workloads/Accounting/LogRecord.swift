import ContainerRuntime
import Simulation

/// One line that a program wrote to its standard output, as data; ``LogRecord/text`` is the line.
public struct LogRecord: Sendable, Equatable {
    /// What happened. The texts are uvicorn's.
    public enum Event: UInt8, Sendable, BinaryCodable {
        case started, listening, ready, request, terminating, waitingForConnections, finished, crashed, jobTaken,
            jobDone
        /// Only where traces are recorded.
        case toolFailed, modelFailed
    }

    public enum Level: UInt8, Sendable, BinaryCodable { case info, warning, error }

    public var time: SimulationTime
    public var container: ContainerID
    public var level: Level
    public var event: Event
    /// The request's trace; 0 for none.
    public var trace: UInt64 = 0
    public var outcome = Outcome.ok
    public var duration = Duration.zero
    /// Port or exit code, where one belongs to the event; of a failed call what was called.
    public var number: Int32 = 0

    /// The line as it was written.
    public var text: String {
        switch event {
        case .started: "INFO:     Started server process [1]"
        case .listening: "INFO:     Uvicorn running on http://0.0.0.0:\(number) (Press CTRL+C to quit)"
        case .ready: "INFO:     Application startup complete."
        case .request:
            "\(level == .error ? "ERROR" : "INFO"):     trace=\(String(trace, radix: 16)) status=\(outcome.status) "
                + "duration_ms=\(duration.nanoseconds / 1_000_000)"
        case .terminating: "INFO:     Shutting down"
        case .waitingForConnections: "INFO:     Waiting for connections to close. (CTRL+C to force quit)"
        case .finished: "INFO:     Finished server process [1]"
        case .crashed: "ERROR:    Exited with code \(number)"
        case .jobTaken: "INFO:     trace=\(String(trace, radix: 16)) job taken"
        case .jobDone:
            "\(level == .error ? "ERROR" : "INFO"):     trace=\(String(trace, radix: 16)) job ended status=\(outcome.status) "
                + "duration_ms=\(duration.nanoseconds / 1_000_000)"
        case .toolFailed, .modelFailed:
            "ERROR:    trace=\(String(trace, radix: 16)) error_type=\(outcome.errorType) "
                + "duration_ms=\(duration.nanoseconds / 1_000_000)"
        }
    }
}

extension Workloads {
    /// The lines of one run of a container, oldest first, as far as they are kept. Starting and stopping is always
    /// written; requests only while ``recordLogs(_:)`` is on.
    public func logs(of container: ContainerID) -> [LogRecord] {
        recording.logs.all.filter { $0.container == container }
    }

    /// All lines that are kept, oldest first.
    public var logRecords: [LogRecord] { recording.logs.all }

    /// Writes a line for each request from now on, or stops doing so.
    public mutating func recordLogs(_ on: Bool) { recording.logsRequests = on }

    mutating func log(
        _ event: LogRecord.Event, _ slot: Int, level: LogRecord.Level = .info, number: Int32 = 0
    ) {
        recording.logs.append(
            LogRecord(time: clock.now, container: processes[slot].id, level: level, event: event, number: number))
    }

    mutating func logWork(_ event: LogRecord.Event, _ call: UInt32, _ slot: Int, _ outcome: Outcome) {
        guard recording.logsRequests else { return }
        recording.logs.append(
            LogRecord(
                time: clock.now, container: processes[slot].id,
                level: outcome == .ok || outcome == .clientError ? .info : .error, event: event,
                trace: calls[call].trace, outcome: outcome, duration: clock.now - calls[call].began))
    }
}

extension Workloads {
    /// All lines that are kept, by container: for whoever reads those of many.
    public func groupedLogs() -> GroupedLogs {
        var groups: [ContainerID: [LogLine]] = [:]
        for record in recording.logs.all {
            groups[record.container, default: []].append(LogLine(time: record.time, text: line(of: record)))
        }
        return GroupedLogs(lines: groups)
    }

    /// The lines that were kept when they were asked for.
    public struct GroupedLogs: ContainerLogSource {
        fileprivate let lines: [ContainerID: [LogLine]]

        public func logLines(of container: ContainerID) -> [LogLine] { lines[container] ?? [] }
    }
}

extension Workloads: ContainerLogSource {
    public func logLines(of container: ContainerID) -> [LogLine] {
        logs(of: container).map { LogLine(time: $0.time, text: line(of: $0)) }
    }
}

extension Workloads {
    /// A line as it was written. Where traces are recorded, it names the trace and, of a failed call, what was called.
    private func line(of record: LogRecord) -> String {
        guard tracing != nil, record.trace != 0 else { return record.text }
        let subject = UInt32(bitPattern: record.number)
        let called =
            switch record.event {
            case .toolFailed: " tool=\(toolName(subject))"
            case .modelFailed:
                " model=\(catalogue.providers.indices.contains(Int(subject)) ? catalogue.providers[Int(subject)] : "")"
            default: ""
            }
        return record.text + called + " trace_id=" + TraceIdentity.text(of: record.trace, seed: seed)
    }

    /// Writes a line about a call to a tool or a model that went wrong; one that was broken off from outside did not.
    mutating func logFailure(_ event: LogRecord.Event, _ call: UInt32, _ span: CallSpan) {
        guard recording.logsRequests, span.outcome != .ok, span.outcome != .abandoned, calls[call].process != .max,
            processes[Int(calls[call].process)].phase != .absent
        else { return }
        recording.logs.append(
            LogRecord(
                time: clock.now, container: processes[Int(calls[call].process)].id, level: .error, event: event,
                trace: span.trace, outcome: span.outcome, duration: span.end - span.begin,
                number: Int32(bitPattern: span.subject)))
    }
}

extension LogRecord: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(time)
        writer.write(container)
        writer.write(level)
        writer.write(event)
        writer.write(trace)
        writer.write(outcome)
        writer.write(duration)
        writer.write(number)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        time = try reader.read()
        container = try reader.read()
        level = try reader.read()
        event = try reader.read()
        trace = try reader.read()
        outcome = try reader.read()
        duration = try reader.read()
        number = try reader.read()
    }
}
