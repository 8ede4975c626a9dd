/// Why a patch could not be applied; the texts are those of the libraries that the API server uses.
public struct PatchError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
    /// The field at which it was noticed, such as `spec.template.spec.containers`; empty for the whole document.
    public var path: String

    public init(_ description: String, at path: String = "") {
        self.description = description
        self.path = path
    }
}
