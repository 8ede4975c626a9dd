import KubernetesAPI

/// What must be so of an object before it is deleted (`metav1.Preconditions`).
struct Precondition: Sendable, Equatable {
    var uid = ""
    var resourceVersion = ""

    var isEmpty: Bool { uid.isEmpty && resourceVersion.isEmpty }

    /// The refusal, if it is not so (`k8s.io/apiserver/pkg/storage/errors.go`).
    func conflict(uid: String, revision: String, _ request: APIRequest) -> APIStatus? {
        func refusal(_ what: String, _ wanted: String, _ found: String) -> APIStatus {
            .conflict(
                request.resource, request.name,
                "Precondition failed: \(what) in precondition: \(wanted), \(what) in object meta: \(found)")
        }
        if !self.uid.isEmpty, self.uid != uid { return refusal("UID", self.uid, uid) }
        if !resourceVersion.isEmpty, resourceVersion != revision {
            return refusal("ResourceVersion", resourceVersion, revision)
        }
        return nil
    }
}
