import PromQL

/// While an alert that `source` matches fires, alerts that `target` matches are not sent, if both have the same values
/// of the labels `equal`; a label that both lack is the same.
public struct InhibitRule: Sendable, Equatable {
    public let source: [LabelMatcher]
    public let target: [LabelMatcher]
    public let equal: [String]

    /// Whether a firing alert mutes another. If both match both sides neither does: an alert cannot mute itself.
    func mutes(_ labels: Labels, by other: Labels) -> Bool {
        guard target.allMatch(labels), source.allMatch(other), equal.allSatisfy({ labels[$0] == other[$0] }) else {
            return false
        }
        return !(source.allMatch(labels) && target.allMatch(other))
    }
}
