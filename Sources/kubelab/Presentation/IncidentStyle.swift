import Lab

extension Incident.Kind {
    /// A text in the colour of such an incident.
    func style(_ text: String) -> String {
        switch self {
        case .input: Style.strong(text)
        case .fault, .kill, .node, .problem: Style.bad(text)
        case .scale: Style.good(text)
        case .restart: Style.warning(text)
        }
    }
}
