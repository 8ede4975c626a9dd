import Simulation

/// A queue of messages between publishers and consumers.
struct Topic: Sendable {
    let configuration: TopicConfiguration
    /// Messages that wait for a consumer: `ready[head...]`.
    var ready: [Handle<Message>] = []
    var head = 0
    /// Warm consumers, in the order in which they came.
    var consumers: [UInt32] = []
    /// Where the search for the next consumer begins.
    var turn = 0
    var working: Int64 = 0
    var delayed: Int64 = 0
    var redelivered: Int64 = 0
    var deadLetters: Int64 = 0
    /// Messages finished a second time because two consumers had them.
    var duplicates: Int64 = 0
    /// From publishing to the acknowledgement; failures are dead letters.
    var level: ServiceLevel

    init(configuration: TopicConfiguration, level: ServiceLevel) {
        self.configuration = configuration
        self.level = level
    }

    var waiting: Int { ready.count - head }

    mutating func takeReady() -> Handle<Message>? {
        guard head < ready.count else { return nil }
        defer {
            head += 1
            if head > 1024, head * 2 > ready.count {
                ready.removeFirst(head)
                head = 0
            }
        }
        return ready[head]
    }

    func writeState(to writer: inout BinaryWriter) {
        writer.write(Array(ready[head...]))
        writer.write(consumers)
        writer.write(turn)
        for count in [working, delayed, redelivered, deadLetters, duplicates] { writer.write(count) }
        writer.write(level)
    }

    mutating func readState(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        ready = try reader.read()
        head = 0
        consumers = try reader.read()
        turn = try reader.read()
        working = try reader.read()
        delayed = try reader.read()
        redelivered = try reader.read()
        deadLetters = try reader.read()
        duplicates = try reader.read()
        level = try reader.read()
    }
}

/// A job that somebody wants done.
struct Message: Sendable {
    enum State: UInt8, BinaryCodable { case ready, working, delayed }

    var number: UInt64 = 0
    var topic: UInt32 = 0
    var source: UInt32 = .max
    var journey = Handle<Journey>.none
    var dice: UInt64 = 0
    var published = SimulationTime.zero
    var deliveries: UInt32 = 0
    var isPoison = false
    var state = State.ready
    /// The number of the call that is the consumer's work on it; 0 for none.
    var workNumber: UInt64 = 0
    var timer = TimerHandle.none
    var tracing = MessageTracing()
}

extension Message: PoolElement {
    static var vacant: Message { Message() }

    func write(to writer: inout BinaryWriter) {
        writer.write(number)
        writer.write(topic)
        writer.write(source)
        writer.write(journey)
        writer.write(dice)
        writer.write(published)
        writer.write(deliveries)
        writer.write(isPoison)
        writer.write(state)
        writer.write(workNumber)
        writer.write(timer)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        number = try reader.read()
        topic = try reader.read()
        source = try reader.read()
        journey = try reader.read()
        dice = try reader.read()
        published = try reader.read()
        deliveries = try reader.read()
        isPoison = try reader.read()
        state = try reader.read()
        workNumber = try reader.read()
        timer = try reader.read()
    }
}
