/// A number of pods, or a share of a total, as `maxSurge`, `maxUnavailable` and `minAvailable` give it.
public enum AmountOrPercent: Sendable, Equatable {
    case amount(Int32)
    case percent(Int32)

    /// Why a text is no amount or percentage; the texts are those of `k8s.io/apimachinery/pkg/util/intstr`.
    public struct ParsingError: Error, Sendable, Equatable {
        public var message: String
    }

    /// Reads a percentage; a plain number as a string is refused, as everywhere in Kubernetes.
    public init(parsing text: String) throws(ParsingError) {
        guard text.utf8.last == UInt8(ascii: "%") else {
            throw ParsingError(
                message: "invalid value for IntOrString: invalid type: string is not a percentage")
        }
        guard let percent = Int32(text.dropLast()) else {
            throw ParsingError(message: "invalid value for IntOrString: invalid value \"\(text)\": invalid syntax")
        }
        self = .percent(percent)
    }

    /// The number of pods that it means of a total, clamped.
    public func scaled(of total: Int32, roundingUp: Bool) -> Int32 {
        switch self {
        case .amount(let amount): return amount
        case .percent(let percent):
            let share = Double(percent) * Double(total) / 100
            return Int32(clampingReplicas: share.rounded(roundingUp ? .up : .down))
        }
    }
}
