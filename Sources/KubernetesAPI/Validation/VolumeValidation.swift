/// The volumes of a pod.
enum Volumes {
    /// - Returns: the sources that can be mounted: those with errors cannot.
    static func validate(
        _ volumes: [Volume], podName: String?, _ path: FieldPath, _ errors: inout FieldErrors
    ) -> [String: VolumeSource] {
        var good: [String: VolumeSource] = [:]
        let made = Set(
            volumes.compactMap { volume in
                podName.flatMap { name in volume.volumeSource.ephemeral == nil ? nil : name + "-" + volume.name }
            })
        for (index, volume) in volumes.enumerated() {
            let path = path.index(index)
            let before = errors.causes.count
            volume.volumeSource.validate(&errors, path, volumeName: volume.name, podName: podName)
            if volume.name.isEmpty {
                errors.required(path.child("name"))
            } else {
                errors.invalid(path.child("name"), volume.name, NameRules.dns1123Label(volume.name))
            }
            if good[volume.name] != nil { errors.duplicate(path.child("name"), volume.name) }
            if errors.causes.count == before { good[volume.name] = volume.volumeSource }
            if let claim = volume.volumeSource.persistentVolumeClaim, made.contains(claim.claimName) {
                errors.invalid(
                    path.child("persistentVolumeClaim", "claimName"), claim.claimName,
                    "must not reference a PVC that gets created for an ephemeral volume")
            }
        }
        return good
    }

    /// A mode of files, in octal below 01000.
    static func validateMode(_ mode: Int32?, _ path: FieldPath, _ errors: inout FieldErrors) {
        if let mode, !(0...0o777).contains(mode) {
            errors.invalid(path, mode, "must be a number between 0 and 0777 (octal), both inclusive")
        }
    }

    static func validateNoBacksteps(_ value: String, _ path: FieldPath, _ errors: inout FieldErrors) {
        if value.split(separator: "/", omittingEmptySubsequences: false).contains("..") {
            errors.invalid(path, value, "must not contain '..'")
        }
    }

    /// A path below the volume's root.
    static func validateDescending(_ value: String, _ path: FieldPath, _ errors: inout FieldErrors) {
        if value.hasPrefix("/") { errors.invalid(path, value, "must be a relative path") }
        validateNoBacksteps(value, path, &errors)
    }

    /// The same, where names that begin with two dots belong to Kubernetes.
    static func validateFileName(_ value: String, _ path: FieldPath, _ errors: inout FieldErrors) {
        validateDescending(value, path, &errors)
        if value.hasPrefix(".."), !value.hasPrefix("../") { errors.invalid(path, value, "must not start with '..'") }
    }
}

extension VolumeSource {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath, volumeName: String, podName: String?) {
        var count = 0
        /// Checks a source, if it is there and the first one.
        func one<Source>(_ source: Source?, _ name: String, _ check: (Source, FieldPath) -> Void) {
            guard let source else { return }
            if count > 0 {
                errors.forbidden(path.child(name), "may not specify more than 1 volume type")
            } else {
                count += 1
                check(source, path.child(name))
            }
        }
        /// The texts that a source must have.
        func need(_ path: FieldPath, _ members: (String, String)...) {
            for (name, value) in members where value.isEmpty { errors.required(path.child(name)) }
        }
        func partition(_ value: Int32?, _ path: FieldPath) {
            if let value, !(0...255).contains(value) {
                errors.invalid(path.child("partition"), value, "must be an integer between 1 and 255")
            }
        }

        one(emptyDir, "emptyDir") { source, path in
            if let limit = source.sizeLimit, limit.isNegative {
                errors.forbidden(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity")
            }
        }
        one(hostPath, "hostPath") { source, path in
            need(path, ("path", source.path))
            if !source.path.isEmpty {
                Volumes.validateNoBacksteps(source.path, path.child("path"), &errors)
                errors.choice(path.child("type"), source.type, Self.hostPathTypes)
            }
        }
        one(gitRepo, "gitRepo") { source, path in
            need(path, ("repository", source.repository))
            Volumes.validateDescending(source.directory, path.child("directory"), &errors)
        }
        one(gcePersistentDisk, "gcePersistentDisk") { source, path in
            need(path, ("pdName", source.pdName))
            partition(source.partition, path)
        }
        one(awsElasticBlockStore, "awsElasticBlockStore") { source, path in
            need(path, ("volumeID", source.volumeID))
            partition(source.partition, path)
        }
        one(secret, "secret") { source, path in
            need(path, ("secretName", source.secretName))
            Volumes.validateMode(source.defaultMode, path.child("defaultMode"), &errors)
            for (index, item) in source.items.enumerated() { item.validate(&errors, path.child("items").index(index)) }
        }
        one(nfs, "nfs") { source, path in
            need(path, ("server", source.server), ("path", source.path))
            if !source.path.hasPrefix("/") {
                errors.invalid(path.child("path"), source.path, "must be an absolute path")
            }
        }
        one(iscsi, "iscsi") { need($1, ("targetPortal", $0.targetPortal), ("iqn", $0.iqn)) }
        one(glusterfs, "glusterfs") { need($1, ("endpoints", $0.endpoints), ("path", $0.path)) }
        one(flocker, "flocker") { source, path in
            if source.datasetName.isEmpty, source.datasetUUID.isEmpty {
                errors.required(path, "one of datasetName and datasetUUID is required")
            }
        }
        one(persistentVolumeClaim, "persistentVolumeClaim") { need($1, ("claimName", $0.claimName)) }
        one(rbd, "rbd") { need($1, ("monitors", $0.monitors.first ?? ""), ("image", $0.image)) }
        one(cinder, "cinder") { need($1, ("volumeID", $0.volumeID)) }
        one(cephfs, "cephfs") { need($1, ("monitors", $0.monitors.first ?? "")) }
        one(quobyte, "quobyte") { need($1, ("volume", $0.volume)) }
        one(downwardAPI, "downwardAPI") { source, path in
            Volumes.validateMode(source.defaultMode, path.child("defaultMode"), &errors)
            for file in source.items { file.validate(&errors, path) }
        }
        one(fc, "fc") { source, path in
            if source.targetWWNs.isEmpty, source.wwids.isEmpty {
                errors.required(path.child("targetWWNs"), "must specify either targetWWNs or wwids, but not both")
            }
        }
        one(flexVolume, "flexVolume") { need($1, ("driver", $0.driver)) }
        one(configMap, "configMap") { source, path in
            need(path, ("name", source.localObjectReference.name))
            Volumes.validateMode(source.defaultMode, path.child("defaultMode"), &errors)
            for (index, item) in source.items.enumerated() { item.validate(&errors, path.child("items").index(index)) }
        }
        one(azureFile, "azureFile") { need($1, ("secretName", $0.secretName), ("shareName", $0.shareName)) }
        one(vsphereVolume, "vsphereVolume") { need($1, ("volumePath", $0.volumePath)) }
        one(photonPersistentDisk, "photonPersistentDisk") { need($1, ("pdID", $0.pdID)) }
        one(portworxVolume, "portworxVolume") { need($1, ("volumeID", $0.volumeID)) }
        one(azureDisk, "azureDisk") { need($1, ("diskName", $0.diskName), ("diskURI", $0.diskURI)) }
        one(storageos, "storageos") { need($1, ("volumeName", $0.volumeName)) }
        one(projected, "projected") { source, path in
            Volumes.validateMode(source.defaultMode, path.child("defaultMode"), &errors)
            source.validateSources(&errors, path)
        }
        one(scaleIO, "scaleIO") {
            need($1, ("gateway", $0.gateway), ("system", $0.system), ("volumeName", $0.volumeName))
        }
        one(csi, "csi") { need($1, ("driver", $0.driver)) }
        one(ephemeral, "ephemeral") { source, path in
            let templatePath = path.child("volumeClaimTemplate")
            if let template = source.volumeClaimTemplate {
                template.spec.validate(&errors, templatePath.child("spec"))
            } else {
                errors.required(templatePath)
            }
            if let podName, !volumeName.isEmpty {
                let claim = podName + "-" + volumeName
                for problem in NameRules.dns1123Subdomain(claim) {
                    errors.invalid(path.child("name"), volumeName, "PVC name \(GoText.quoted(claim)): \(problem)")
                }
            }
        }
        one(image, "image") { source, path in
            need(path, ("reference", source.reference))
            if !source.pullPolicy.isEmpty {
                errors.choice(path.child("pullPolicy"), source.pullPolicy, Container.pullPolicies)
            }
        }
        if count == 0 { errors.required(path, "must specify a volume type") }
    }

    private static let hostPathTypes = [
        "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
    ]

    /// Whether a container may use the volume as a raw device.
    var isClaim: Bool { persistentVolumeClaim != nil || ephemeral != nil }
}

extension KeyToPath {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if key.isEmpty { errors.required(path.child("key")) }
        if self.path.isEmpty { errors.required(path.child("path")) }
        Volumes.validateFileName(self.path, path.child("path"), &errors)
        Volumes.validateMode(mode, path.child("mode"), &errors)
    }
}

extension DownwardAPIVolumeFile {
    private static let fields = [
        "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid",
    ]

    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if self.path.isEmpty { errors.required(path.child("path")) }
        Volumes.validateFileName(self.path, path.child("path"), &errors)
        if let fieldRef {
            fieldRef.validate(&errors, path.child("fieldRef"), of: Self.fields)
            if resourceFieldRef != nil {
                errors.invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously")
            }
        } else if let resourceFieldRef {
            resourceFieldRef.validate(&errors, path.child("resourceFieldRef"), inVolume: true)
        } else {
            errors.required(path, "one of fieldRef and resourceFieldRef is required")
        }
        Volumes.validateMode(mode, path.child("mode"), &errors)
    }
}

extension ProjectedVolumeSource {
    func validateSources(_ errors: inout FieldErrors, _ path: FieldPath) {
        var paths: Set<String> = []
        func take(_ file: String, _ value: String) {
            if !file.isEmpty, !paths.insert(file).inserted {
                errors.invalid(path, value, "conflicting duplicate paths")
            }
        }
        func keys(_ items: [KeyToPath], _ name: String, _ path: FieldPath) {
            if name.isEmpty { errors.required(path.child("name")) }
            for (index, item) in items.enumerated() {
                item.validate(&errors, path.child("items").index(index))
                take(item.path, name)
            }
        }
        for (index, source) in sources.enumerated() {
            let sourcePath = path.child("sources").index(index)
            var count = 0
            if let secret = source.secret {
                count += 1
                keys(secret.items, secret.localObjectReference.name, sourcePath.child("secret"))
            }
            if let configMap = source.configMap {
                count += 1
                keys(configMap.items, configMap.localObjectReference.name, sourcePath.child("configMap"))
            }
            if let downwardAPI = source.downwardAPI {
                count += 1
                for file in downwardAPI.items {
                    file.validate(&errors, sourcePath.child("downwardAPI"))
                    take(file.path, file.path)
                }
            }
            if let token = source.serviceAccountToken {
                count += 1
                let secondsPath = sourcePath.child("serviceAccountToken", "expirationSeconds")
                let seconds = token.expirationSeconds ?? 0
                if seconds < 600 {
                    errors.invalid(secondsPath, seconds, "may not specify a duration less than 10 minutes")
                }
                if seconds > 1 << 32 {
                    errors.invalid(secondsPath, seconds, "may not specify a duration larger than 2^32 seconds")
                }
                if token.path.isEmpty {
                    errors.required(path.child("path"))
                } else {
                    Volumes.validateFileName(token.path, path.child("path"), &errors)
                }
            }
            if source.clusterTrustBundle != nil { count += 1 }
            if source.podCertificate != nil { count += 1 }
            if count > 1 { errors.forbidden(sourcePath, "may not specify more than 1 volume type per source") }
        }
    }
}
