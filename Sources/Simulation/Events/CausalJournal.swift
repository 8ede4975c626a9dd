/// Why things happened: for each event, the event during which it was scheduled, and notes on what was done meanwhile.
///
/// It is filled only while a replay explains something, so that ordinary runs pay nothing for it.
public struct CausalJournal: Sendable, Equatable {
    /// Something worth telling that happened while an event was handled.
    public struct Note: Sendable, Equatable {
        public var event: UInt64
        public var time: SimulationTime
        /// What it happened to, such as `pod/shop/web-1`, `fault/outage` or `input/3`.
        public var subject: String
        /// One line in the past tense.
        public var text: String
        /// Whether a chain of causes may end here: an input, a fault, or the scenario's own doing.
        public var isRoot: Bool
        /// A subject that this follows from by way of state rather than of events (memory that a fault took an hour
        /// ago); empty for none.
        public var link: String
    }

    /// How many events and how many notes are remembered; older ones are forgotten, half of them at once.
    static let rememberedEvents = 4_000_000
    static let rememberedNotes = 200_000

    /// Position = sequence number of an event - `firstSequence`; value = the event that scheduled it.
    private var causes: [UInt64] = []
    private var firstSequence: UInt64 = 0
    public private(set) var notes: [Note] = []

    public init() {}

    @usableFromInline mutating func schedule(_ event: UInt64, by cause: UInt64) {
        if causes.isEmpty { firstSequence = event }
        causes.append(cause)
        if causes.count > Self.rememberedEvents {
            let half = causes.count / 2
            causes.removeFirst(half)
            firstSequence += UInt64(half)
        }
    }

    /// The event during which `event` was scheduled; nil before the journal's beginning.
    public func cause(of event: UInt64) -> UInt64? {
        guard event >= firstSequence, event - firstSequence < UInt64(causes.count) else { return nil }
        return causes[Int(event - firstSequence)]
    }

    public mutating func note(
        _ event: UInt64, at time: SimulationTime, _ subject: String, _ text: String, isRoot: Bool = false,
        link: String = ""
    ) {
        notes.append(Note(event: event, time: time, subject: subject, text: text, isRoot: isRoot, link: link))
        if notes.count > Self.rememberedNotes { notes.removeFirst(notes.count / 2) }
    }
}

extension Clock {
    /// Notes what the event being handled does to `subject`; both texts are built only while somebody listens.
    @inlinable public mutating func note(
        _ subject: @autoclosure () -> String, _ text: @autoclosure () -> String, isRoot: Bool = false,
        link: @autoclosure () -> String = ""
    ) {
        guard journal != nil else { return }
        journal?.note(handled, at: instant, subject(), text(), isRoot: isRoot, link: link())
    }
}
