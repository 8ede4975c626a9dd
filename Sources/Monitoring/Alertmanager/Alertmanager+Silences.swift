import PromQL
import Simulation

extension Alertmanager {
    /// All silences that are kept, in the order in which they were made.
    public var silences: [Silence] { silenceList }

    public func silence(_ id: String) -> Silence? { silenceList.first { $0.id == id } }

    /// Makes a silence, or changes the one that has the identifier. One that has begun keeps its identifier only if its
    /// matchers and its start stay as they are; otherwise it ends and another takes its place.
    /// - Parameter startsAt: a time in the past counts as now.
    /// - Returns: the identifier.
    public mutating func setSilence(
        id: String = "", matchers: [LabelMatcher], startsAt: Int64, endsAt: Int64, createdBy: String,
        comment: String, at now: Int64
    ) throws(SilenceError) -> String {
        run(to: now)
        func bad(_ text: String) -> SilenceError { SilenceError(status: 400, description: text) }
        if startsAt >= endsAt { throw bad("Failed to create silence: start time must be before end time") }
        if endsAt < now { throw bad("Failed to create silence: end time can't be in the past") }
        if matchers.isEmpty { throw bad("silence invalid: at least one matcher required") }
        if let matcher = matchers.first(where: { !MatcherText.isLabelName($0.name) }) {
            throw bad("silence invalid: invalid label matcher 0: invalid label name \"\(matcher.name)\"")
        }
        // It would match every alert.
        if matchers.allSatisfy({ $0.matches("") }) {
            throw bad("silence invalid: at least one matcher must not match the empty string")
        }
        var silence = Silence(
            id: id, matchers: matchers, startsAt: startsAt, endsAt: endsAt, updatedAt: now, createdBy: createdBy,
            comment: comment)
        if !id.isEmpty {
            guard let index = silenceList.firstIndex(where: { $0.id == id }) else {
                throw SilenceError(status: 404, description: "silence not found")
            }
            if Self.canUpdate(silenceList[index], to: silence, at: now) {
                silenceList[index] = silence
                return id
            }
            if silenceList[index].state(at: now) != .expired { end(index, at: now) }
        }
        silence.startsAt = max(startsAt, now)
        silenceCount += 1
        silence.id = Silence.identifier(silence, count: silenceCount)
        silenceList.append(silence)
        return silence.id
    }

    /// Ends a silence; it is shown as expired for a while.
    public mutating func expireSilence(_ id: String, at now: Int64) throws(SilenceError) {
        run(to: now)
        guard let index = silenceList.firstIndex(where: { $0.id == id }) else {
            throw SilenceError(status: 404, description: "silence not found")
        }
        if silenceList[index].state(at: now) == .expired {
            throw SilenceError(status: 500, description: "silence \(id) already expired")
        }
        end(index, at: now)
    }

    private mutating func end(_ index: Int, at now: Int64) {
        if silenceList[index].state(at: now) == .pending { silenceList[index].startsAt = now }
        silenceList[index].endsAt = now
        silenceList[index].updatedAt = now
    }

    private static func canUpdate(_ old: Silence, to new: Silence, at now: Int64) -> Bool {
        guard old.matchers == new.matchers else { return false }
        switch old.state(at: now) {
        case .active: return new.startsAt / 1000 == old.startsAt / 1000 && new.endsAt >= now
        case .pending: return new.startsAt >= now
        case .expired: return false
        }
    }
}
