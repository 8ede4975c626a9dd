/// One change of a watched object.
public struct WatchEvent: Sendable, Equatable {
    public enum Kind: String, Sendable { case added = "ADDED", modified = "MODIFIED", deleted = "DELETED" }

    public var kind: Kind
    /// The object after the change (before it, for a deletion), with apiVersion and kind.
    public var object: JSONValue
    /// When it happened, on the cluster's clock; nil if the endpoint does not say.
    public var time: Time?

    public init(kind: Kind, object: JSONValue, time: Time? = nil) {
        self.kind = kind
        self.object = object
        self.time = time
    }
}

/// An endpoint behind which time is simulated: commands that wait (`get -w`, `rollout status`, `wait`, `logs -f`) let
/// that time pass themselves.
public protocol SimulatedEndpoint: APIEndpoint {
    /// The cluster's wall clock, to which ages are relative.
    var wallTime: Time { get }

    /// The kinds that definitions add, as discovery tells them.
    var customKinds: [CustomKind] { get }

    /// Lets simulated time pass, at most `limit`, and hands over each change of an object that the request selects
    /// (its resource, namespace, name and selectors), in the order in which they happen.
    /// - Parameter each: gets the change, or nil at least once a simulated second when nothing changed; false ends the
    ///   watch at that moment.
    mutating func watch(_ request: APIRequest, for limit: Duration, _ each: (WatchEvent?) -> Bool)

    /// Runs a command in a container; simulated time passes as far as the command takes time.
    /// - Parameters:
    ///   - input: all of the command's standard input; nil if it has none.
    ///   - each: gets what the command writes, or nil at least once a simulated second while it writes nothing; false
    ///     ends the command at that moment, as Ctrl-C does.
    mutating func execute(_ request: ExecRequest, input: [UInt8]?, _ each: (ExecOutput?) -> Bool) -> ExecEnding
}

extension SimulatedEndpoint {
    /// Endpoints without definitions know the built-in kinds.
    public var customKinds: [CustomKind] { [] }

    /// Endpoints without machines refuse.
    public mutating func execute(_ request: ExecRequest, input: [UInt8]?, _ each: (ExecOutput?) -> Bool) -> ExecEnding {
        .failed(.badRequest("no containers run here"))
    }
}
