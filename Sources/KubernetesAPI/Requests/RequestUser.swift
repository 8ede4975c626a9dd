/// Who sends a request, as authentication found out (`k8s.io/apiserver/pkg/authentication/user`).
public struct RequestUser: Sendable, Equatable {
    public var name: String
    public var uid: String
    public var groups: [String]

    /// The group whose members may do everything, whatever roles say.
    public static let mastersGroup = "system:masters"
    public static let authenticatedGroup = "system:authenticated"
    public static let unauthenticatedGroup = "system:unauthenticated"

    /// The lab's own user, who may do everything.
    public static let administrator = RequestUser(
        name: "admin", uid: "admin", groups: [mastersGroup, authenticatedGroup])
    /// Who shows no credentials.
    public static let anonymous = RequestUser(name: "system:anonymous", groups: [unauthenticatedGroup])

    public init(name: String, uid: String = "", groups: [String]) {
        self.name = name
        self.uid = uid
        self.groups = groups
    }

    /// A service account, with the groups that every one of them is in.
    public static func serviceAccount(namespace: String, name: String, uid: String = "") -> RequestUser {
        RequestUser(
            name: "system:serviceaccount:\(namespace):\(name)", uid: uid,
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", authenticatedGroup])
    }

    /// Namespace and name of the service account that a user's name stands for; nil for anybody else.
    public static func serviceAccount(inName name: String) -> (namespace: String, name: String)? {
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount", !parts[2].isEmpty,
            !parts[3].isEmpty
        else { return nil }
        return (String(parts[2]), String(parts[3]))
    }
}
