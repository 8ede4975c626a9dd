extension Pod: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        validateSpec(&errors)
        if !spec.ephemeralContainers.isEmpty {
            errors.forbidden(path.child("ephemeralContainers"), "cannot be set on create")
        }
        if !spec.nodeName.isEmpty, !spec.schedulingGates.isEmpty {
            errors.forbidden(path.child("nodeName"), "cannot be set until all schedulingGates have been cleared")
        }
    }

    private func validateSpec(_ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        spec.validate(&errors, path, podName: metadata.name.isEmpty ? nil : metadata.name, isPod: true)
        if spec.serviceAccountName.isEmpty {
            for (index, volume) in spec.volumes.enumerated() {
                for (sourceIndex, source) in (volume.volumeSource.projected?.sources ?? []).enumerated()
                where source.serviceAccountToken != nil {
                    errors.forbidden(
                        path.child("volumes").index(index).child("projected", "sources").index(sourceIndex)
                            .child("serviceAccountToken"), "must not be specified when serviceAccountName is not set")
                }
            }
        }
        for (index, container) in spec.containers.enumerated() {
            container.validateForPod(&errors, path.child("containers").index(index))
        }
        for (index, container) in spec.initContainers.enumerated() {
            container.validateForPod(&errors, path.child("initContainers").index(index))
        }
    }

    public func validateUpdate(from old: Pod, subresource: String, _ errors: inout FieldErrors) {
        switch subresource {
        case "status": validateStatus(from: old, &errors)
        case "resize": validateResize(from: old, &errors)
        case "ephemeralcontainers": validateEphemeralContainers(from: old, &errors)
        default:
            validateSpec(&errors)
            validateSpecChange(from: old, &errors)
        }
    }

    private func validateStatus(from old: Pod, _ errors: inout FieldErrors) {
        let path = FieldPath("status")
        if spec.nodeName != old.spec.nodeName {
            errors.forbidden(path.child("nodeName"), "may not be changed directly")
        }
        if !old.status.qosClass.isEmpty {
            errors.immutable(
                status.qosClass, old.status.qosClass, path.child("qosClass"), FieldErrors.quoted(status.qosClass))
        }
    }

    private func validateEphemeralContainers(from old: Pod, _ errors: inout FieldErrors) {
        validateSpec(&errors)
        let path = FieldPath("spec").child("ephemeralContainers")
        for container in old.spec.ephemeralContainers {
            let name = container.ephemeralContainerCommon.name
            guard let new = spec.ephemeralContainers.first(where: { $0.ephemeralContainerCommon.name == name }) else {
                errors.forbidden(path, "existing ephemeral containers \(GoText.quoted(name)) may not be removed\n")
                continue
            }
            if new.jsonValue != container.jsonValue {
                let difference = GoDifference.text(
                    GoValue.of(container, as: "EphemeralContainer"), GoValue.of(new, as: "EphemeralContainer"))
                errors.forbidden(
                    path, "existing ephemeral containers \(GoText.quoted(name)) may not be changed\n\(difference)")
            }
        }
    }
}
