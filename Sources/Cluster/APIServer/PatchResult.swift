import KubernetesAPI

/// What a patch leaves must still be an object of the kind (`apiserver/pkg/endpoints/handlers/patch.go`).
enum PatchResult {
    /// Refuses a strategic merge patch whose result cannot be read, in words about the patch instead of the object.
    /// The other patch types go through JSON, where decoding has its own words.
    static func check<Object: KubernetesObject>(_ patched: JSONValue, _ request: APIRequest, _ type: Object.Type)
        throws(APIStatus)
    {
        guard request.patchType == .strategicMerge, let patch = request.body else { return }
        do {
            let (_, unknown) = try Object.decode(json: patched)
            guard !unknown.isEmpty, request.fieldValidation == .strict else { return }
            let fields = unknown.map { "unknown field \"\($0)\"" }.joined(separator: ", ")
            throw refusal(patch, "strict decoding error: " + fields)
        } catch let error as FieldError {
            // The converter of unstructured objects names the wanted type only.
            let wanted = error.description.split(separator: " ").last.map(String.init) ?? "object"
            throw refusal(
                patch, error.description.contains("of type ") ? "unrecognized type: \(wanted)" : error.description)
        } catch let error as APIStatus { throw error } catch { throw .badRequest("\(error)") }
    }

    private static func refusal(_ patch: JSONValue, _ why: String) -> APIStatus {
        let message = "Invalid value: \"\(patch.goText)\": \(why)"
        return APIStatus(
            code: 422, reason: "Invalid", message: " \"\" is invalid: patch: \(message)",
            causes: [.init(reason: "FieldValueInvalid", message: message, field: "patch")])
    }

    /// A JSON patch that cannot be applied.
    static func failure(_ error: PatchError, _ type: APIRequest.PatchType) -> APIStatus {
        guard type == .json else { return .badRequest(error.description) }
        return APIStatus(
            code: 422, reason: "Invalid", message: "the server rejected our request due to an error in our request")
    }
}
