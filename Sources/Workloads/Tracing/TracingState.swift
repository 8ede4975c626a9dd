import Simulation

// What those who are at work on a request know of its trace. It lies beside their other state and is written in the
// section of traces, so that a world without traces writes what it always wrote.

/// A user's request: the attempt under way.
struct JourneyTracing: Sendable {
    var isTraced = false
    var attemptSpan: UInt64 = 0
    var attemptBegan = SimulationTime.zero
    /// Attempts made; one that the user no longer waits for is none.
    var attempts: UInt32 = 0
}

/// A call: whose child it is, where it has waited, and what it waits for outside its process.
struct CallTracing: Sendable {
    var isTraced = false
    /// The caller's span; for work on a message the span that sent it, which is of another trace.
    var parent: UInt64 = 0
    var linkedTrace: UInt64 = 0
    /// Since when it stands behind others at the event loop; `never` while it does not.
    var queuedSince = SimulationTime.never
    var dequeued = SimulationTime.never
    var waited = Duration.zero
    /// The call that this one has sent, to a service or to a tool outside; 0 for none.
    var sentSpan: UInt64 = 0
    var sentParent: UInt64 = 0
    var sentAt = SimulationTime.zero
    var isExternal = false
    /// How a call to a tool outside will end if nobody breaks it off.
    var sentOutcome = Outcome.ok
    var sentSubject: UInt32 = .max
    var sentPath: UInt32 = .max
}

/// An agent's run: its own span, the step and the tool under way.
struct RunTracing: Sendable {
    var isTraced = false
    var span: UInt64 = 0
    var began = SimulationTime.zero
    var step: UInt64 = 0
    var stepBegan = SimulationTime.zero
    /// From 1.
    var stepNumber: UInt32 = 0
    var tool: UInt64 = 0
    var toolBegan = SimulationTime.zero
    /// How a tool outside the cluster will end.
    var toolOutcome = Outcome.ok
}

/// A message: the span that sent it.
struct MessageTracing: Sendable {
    var isTraced = false
    var trace: UInt64 = 0
    var span: UInt64 = 0
}

extension JourneyTracing: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(isTraced)
        guard isTraced else { return }
        writer.write(attemptSpan)
        writer.write(attemptBegan)
        writer.write(attempts)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        isTraced = try reader.read()
        guard isTraced else { return }
        attemptSpan = try reader.read()
        attemptBegan = try reader.read()
        attempts = try reader.read()
    }
}

extension CallTracing: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(isTraced)
        guard isTraced else { return }
        writer.write(parent)
        writer.write(linkedTrace)
        writer.write(queuedSince)
        writer.write(dequeued)
        writer.write(waited)
        writer.write(sentSpan)
        writer.write(sentParent)
        writer.write(sentAt)
        writer.write(isExternal)
        writer.write(sentOutcome)
        writer.write(sentSubject)
        writer.write(sentPath)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        isTraced = try reader.read()
        guard isTraced else { return }
        parent = try reader.read()
        linkedTrace = try reader.read()
        queuedSince = try reader.read()
        dequeued = try reader.read()
        waited = try reader.read()
        sentSpan = try reader.read()
        sentParent = try reader.read()
        sentAt = try reader.read()
        isExternal = try reader.read()
        sentOutcome = try reader.read()
        sentSubject = try reader.read()
        sentPath = try reader.read()
    }
}

extension RunTracing: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(isTraced)
        guard isTraced else { return }
        writer.write(span)
        writer.write(began)
        writer.write(step)
        writer.write(stepBegan)
        writer.write(stepNumber)
        writer.write(tool)
        writer.write(toolBegan)
        writer.write(toolOutcome)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        isTraced = try reader.read()
        guard isTraced else { return }
        span = try reader.read()
        began = try reader.read()
        step = try reader.read()
        stepBegan = try reader.read()
        stepNumber = try reader.read()
        tool = try reader.read()
        toolBegan = try reader.read()
        toolOutcome = try reader.read()
    }
}

extension MessageTracing: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(isTraced)
        writer.write(trace)
        writer.write(span)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        isTraced = try reader.read()
        trace = try reader.read()
        span = try reader.read()
    }
}
