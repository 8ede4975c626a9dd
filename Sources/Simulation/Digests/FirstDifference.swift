/// Finds the first event at which two runs differ.
///
/// The digest of a run folds each event into what came before, so that equal digests after n events say that the first
/// n were the same, and different ones stay different.
public enum FirstDifference {
    /// Bisects over runs that can be replayed to any number of events.
    /// - Parameters:
    ///   - events: the number of events of the shorter run.
    ///   - left: replays one run to a number of events and returns its digest there.
    ///   - right: the same for the other run.
    /// - Returns: the number, from 0, of the first event that differs; nil if none does.
    public static func find(
        events: UInt64, left: (UInt64) throws -> Digest, right: (UInt64) throws -> Digest
    ) rethrows -> UInt64? {
        if try left(events) == right(events) { return nil }
        var (same, different): (UInt64, UInt64) = (0, events)
        while different - same > 1 {
            let middle = same + (different - same) / 2
            if try left(middle) == right(middle) { same = middle } else { different = middle }
        }
        return same
    }

    /// Two runs just before the first event that differs.
    public struct Found<Run> {
        /// The number of the event, from 0 at the beginning of the search.
        public var event: UInt64
        public var left: Run
        public var right: Run
    }

    /// Walks two runs side by side, and bisects from the last place at which they agreed. A run is a value: its copies
    /// are the checkpoints, and no event is handled more than about twice.
    /// - Parameters:
    ///   - stride: events from one comparison to the next; comparing is worth about that many.
    ///   - step: handles one event; false at the end of the run, which then stays as it is.
    ///   - digest: what to compare. A digest of the order of events is cheap; one of the whole state also finds a
    ///     difference that no event has shown yet.
    /// - Returns: nil if both runs end and agree. Of two runs that agree until one ends, the first event that only the
    ///   other has is the difference.
    public static func find<Run, Digested: Equatable>(
        _ left: Run, _ right: Run, stride: UInt64 = 4_096, step: (inout Run) throws -> Bool,
        digest: (borrowing Run) throws -> Digested
    ) rethrows -> Found<Run>? {
        guard try digest(left) == digest(right) else { return Found(event: 0, left: left, right: right) }
        var (left, right) = (left, right)
        var event: UInt64 = 0
        var stride = max(1, stride)
        while true {
            var (aheadLeft, aheadRight) = (left, right)
            let handledLeft = try advance(&aheadLeft, by: stride, step)
            let handledRight = try advance(&aheadRight, by: stride, step)
            if handledLeft == handledRight, try digest(aheadLeft) == digest(aheadRight) {
                event += handledLeft
                if handledLeft < stride { return nil }
                (left, right) = (aheadLeft, aheadRight)
            } else if stride == 1 {
                return Found(event: event, left: left, right: right)
            } else {
                stride = max(1, stride / 2)
            }
        }
    }

    private static func advance<Run>(
        _ run: inout Run, by stride: UInt64, _ step: (inout Run) throws -> Bool
    ) rethrows -> UInt64 {
        var handled: UInt64 = 0
        while handled < stride, try step(&run) { handled += 1 }
        return handled
    }
}
