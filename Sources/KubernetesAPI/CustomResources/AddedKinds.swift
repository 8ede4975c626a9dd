/// The kinds that the cluster's definitions add, as a client has discovered them for the length of one command.
///
/// They are read wherever a client looks a kind up by name; outside a command there are none.
public enum AddedKinds {
    @TaskLocal public static var current: [CustomKind] = []

    /// The added kind of a resource.
    public static func kind(of resource: ResourceType) -> CustomKind? { current.first { $0.resource == resource } }
}

extension KindRow {
    /// Every kind that a client knows now: the built-in ones, then those that definitions add.
    public static var known: [KindRow] {
        AddedKinds.current.isEmpty ? builtIn : builtIn + AddedKinds.current.map { KindRow($0) }
    }
}
