/// Names of images (`distribution/reference`).
enum ImageReference {
    /// Whether a text can name an image: lower-case path, optional tag, optional digest.
    static func isValid(_ image: String) -> Bool {
        guard !image.isEmpty, image.utf8.count <= 4_096 else { return false }
        let name = image.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)[0]
        let slash = name.lastIndex(of: "/")
        let tail = slash.map { name[name.index(after: $0)...] } ?? name
        let path = tail.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let last = path.first, !last.isEmpty else { return false }
        if path.count == 2, path[1].isEmpty || !path[1].utf8.allSatisfy(isTagByte) { return false }
        let repository = (slash.map { String(name[...$0]) } ?? "") + last
        return repository.split(separator: "/", omittingEmptySubsequences: false).enumerated().allSatisfy {
            index, part in
            // The registry's host may have capitals and a port, the rest may not.
            !part.isEmpty && part.utf8.allSatisfy { isTagByte($0) || $0 == UInt8(ascii: ":") }
                && (index == 0 && part.contains(where: { $0 == "." || $0 == ":" })
                    || part.utf8.allSatisfy { !(65...90).contains($0) })
        }
    }

    private static func isTagByte(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 46
            || byte == 95
    }

    /// With registry, library and tag filled in: `docker.io/library/redis:latest`.
    static func normalized(_ image: String) -> String {
        let first = image.split(separator: "/", maxSplits: 1).first ?? ""
        var name = image
        if !image.contains("/") {
            name = "docker.io/library/" + image
        } else if !first.contains("."), !first.contains(":"), first != "localhost" {
            name = "docker.io/" + image
        }
        let tail = name[(name.lastIndex(of: "/") ?? name.startIndex)...]
        return tail.contains(":") || tail.contains("@") ? name : name + ":latest"
    }

    /// What a container's status calls the image that it runs: its repository and digest, without the tag.
    /// - Parameters:
    ///   - name: a normalised name; one that has a digest already stays as it is.
    ///   - digest: 64 hexadecimal digits.
    static func identifier(_ name: String, digest: String) -> String {
        guard !name.contains("@") else { return name }
        let slash = name.lastIndex(of: "/") ?? name.startIndex
        let repository = name[slash...].lastIndex(of: ":").map { name[..<$0] } ?? name[...]
        return repository + "@sha256:" + digest
    }
}
