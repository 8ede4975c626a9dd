import KubernetesAPI

/// Reviews: questions in the form of objects that are created and never stored (`pkg/registry/authorization`,
/// `pkg/registry/authentication/selfsubjectreview`).
extension Cluster {
    /// Answers a review; nil for every other request.
    func answerReview(_ request: APIRequest) -> APIResponse? {
        guard request.isReview else { return nil }
        guard request.verb == .create, request.subresource.isEmpty else {
            return APIResponse(.methodNotAllowed(request))
        }
        do {
            let user = try effectiveUser(of: request)
            guard let body = request.body else { throw APIStatus.badRequest("the request has no body") }
            return APIResponse(code: 201, body: .object(try answer(request, body, user)))
        } catch let status as APIStatus {
            return APIResponse(status)
        } catch {
            return APIResponse(.badRequest("\(error)"))
        }
    }

    private func answer(_ request: APIRequest, _ body: JSONValue, _ user: RequestUser) throws(APIStatus) -> JSONValue {
        switch request.resource.kind {
        case "SelfSubjectAccessReview":
            var review = try request.decoded(body, as: SelfSubjectAccessReview.self).object
            review.status = try status(
                review.spec.resourceAttributes, review.spec.nonResourceAttributes, user, "SelfSubjectAccessReview")
            return review.jsonValue
        case "SubjectAccessReview":
            var review = try request.decoded(body, as: SubjectAccessReview.self).object
            review.status = try status(of: review.spec, "SubjectAccessReview")
            return review.jsonValue
        case "LocalSubjectAccessReview":
            var review = try request.decoded(body, as: LocalSubjectAccessReview.self).object
            if let namespace = review.spec.resourceAttributes?.namespace, namespace != request.namespace {
                throw .badRequest(
                    "spec.resourceAttributes.namespace must match namespace: \(request.namespace)")
            }
            review.status = try status(of: review.spec, "LocalSubjectAccessReview")
            return review.jsonValue
        case "SelfSubjectRulesReview":
            var review = try request.decoded(body, as: SelfSubjectRulesReview.self).object
            guard !review.spec.namespace.isEmpty else { throw .badRequest("no namespace on request") }
            for rule in Authorizer(context.store).rules(for: user, in: review.spec.namespace) {
                if !rule.resources.isEmpty {
                    var resource = ResourceRule()
                    resource.verbs = rule.verbs
                    resource.apiGroups = rule.apiGroups
                    resource.resources = rule.resources
                    resource.resourceNames = rule.resourceNames
                    review.status.resourceRules.append(resource)
                }
                if !rule.nonResourceURLs.isEmpty {
                    var path = NonResourceRule()
                    path.verbs = rule.verbs
                    path.nonResourceURLs = rule.nonResourceURLs
                    review.status.nonResourceRules.append(path)
                }
            }
            review.status.incomplete = false
            return review.jsonValue
        default:
            var review = try request.decoded(body, as: SelfSubjectReview.self).object
            var information = UserInfo()
            information.username = user.name
            information.uid = user.uid
            information.groups = user.groups
            review.status.userInfo = information
            return review.jsonValue
        }
    }

    private func status(of spec: SubjectAccessReviewSpec, _ kind: String) throws(APIStatus) -> SubjectAccessReviewStatus
    {
        guard !spec.user.isEmpty || !spec.groups.isEmpty else {
            throw Self.invalid(
                kind, "spec.user", "Invalid value: \"\": at least one of user or group must be specified")
        }
        return try status(
            spec.resourceAttributes, spec.nonResourceAttributes,
            RequestUser(name: spec.user, uid: spec.uid, groups: spec.groups), kind)
    }

    private func status(
        _ resource: ResourceAttributes?, _ path: NonResourceAttributes?, _ user: RequestUser, _ kind: String
    ) throws(APIStatus) -> SubjectAccessReviewStatus {
        let wanted: AccessAttributes
        switch (resource, path) {
        case (let resource?, nil):
            wanted = AccessAttributes(
                user: user, verb: resource.verb, group: resource.group, resource: resource.resource,
                subresource: resource.subresource, namespace: resource.namespace, name: resource.name)
        case (nil, let path?): wanted = AccessAttributes(user: user, verb: path.verb, path: path.path)
        case (.some, .some):
            throw Self.invalid(
                kind, "spec.nonResourceAttributes",
                "Invalid value: cannot be specified in combination with resourceAttributes")
        case (nil, nil):
            throw Self.invalid(
                kind, "spec.resourceAttributes",
                "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified")
        }
        let (isAllowed, reason) = decide(wanted)
        var status = SubjectAccessReviewStatus()
        status.allowed = isAllowed
        status.reason = reason
        return status
    }

    private static func invalid(_ kind: String, _ field: String, _ text: String) -> APIStatus {
        APIStatus(
            code: 422, reason: "Invalid", message: "\(kind).authorization.k8s.io \"\" is invalid: \(field): \(text)",
            kind: kind, causes: [.init(reason: "FieldValueInvalid", message: text, field: field)])
    }
}
