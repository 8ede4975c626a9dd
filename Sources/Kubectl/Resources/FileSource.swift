import KubernetesAPI

extension Invocation {
    /// The manifests that `-f` names, in order: files, directories, standard input.
    func manifests() throws(CommandFailure) -> [ManifestFile] {
        if arguments.has("kustomize") {
            throw CommandFailure("-k is not supported here: build the kustomization and apply its output with -f")
        }
        var files: [ManifestFile] = []
        for path in arguments.list("filename") {
            if path == "-" {
                files.append(ManifestFile(name: "STDIN", bytes: environment.standardInput()))
                continue
            }
            if path.hasPrefix("http://") || path.hasPrefix("https://") {
                throw CommandFailure("unable to read URL \"\(path)\": the lab has no network")
            }
            if let inside = environment.files(inDirectory: path, recursively: arguments.bool("recursive")) {
                let manifests = inside.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") || $0.hasSuffix(".json") }
                guard !manifests.isEmpty else {
                    throw CommandFailure("error reading [\(path)]: recognized file extensions are [.json .yaml .yml]")
                }
                for file in manifests { files.append(try read(file)) }
            } else {
                files.append(try read(path))
            }
        }
        return files
    }

    private func read(_ path: String) throws(CommandFailure) -> ManifestFile {
        do { return ManifestFile(name: path, bytes: try environment.contents(ofFile: path)) } catch {
            let reason = error.reason
            if reason == "no such file or directory" { throw CommandFailure("the path \"\(path)\" does not exist") }
            throw CommandFailure("error reading \"\(path)\": \(reason)")
        }
    }

    /// The objects of all manifests; documents that cannot be read end the command.
    func manifestObjects() throws(CommandFailure) -> [ManifestObject] {
        var objects: [ManifestObject] = []
        var errors: [ManifestError] = []
        for file in try manifests() {
            let read = file.objects(namespace: namespace)
            objects += read.objects
            errors += read.errors
        }
        if let first = errors.first, objects.isEmpty || errors.count == 1 { throw CommandFailure(text: first.message) }
        if !errors.isEmpty { throw CommandFailure(text: errors.map(\.message).joined(separator: "\n")) }
        return objects
    }
}
