/// How fast simulated time runs beside that of the wall.
public enum Speed: Sendable, Equatable, CustomStringConvertible {
    /// Time stands still until somebody lets it pass (`kubelab advance`).
    case paused
    /// So many simulated seconds a second, 1 to ``maximumFactor``, as far as the machine keeps up.
    case times(Int)
    /// As fast as the machine can while no request waits for an answer.
    case maxIdle

    public static let maximumFactor = 100_000

    /// Reads `paused`, `1x`, `100x`, `max-idle`; nil for anything else.
    public init?(_ text: String) {
        switch text {
        case "paused", "0", "0x": self = .paused
        case "max-idle": self = .maxIdle
        default:
            let digits = text.hasSuffix("x") ? text.dropLast() : text[...]
            guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let factor = Int(digits), factor >= 1,
                factor <= Self.maximumFactor
            else { return nil }
            self = .times(factor)
        }
    }

    public var description: String {
        switch self {
        case .paused: "paused"
        case .times(let factor): "\(factor)x"
        case .maxIdle: "max-idle"
        }
    }
}
