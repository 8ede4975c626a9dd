/// The rules for names, label keys and label values, with the API server's texts
/// (`k8s.io/apimachinery/pkg/util/validation`). Each returns what is wrong, in Kubernetes' order; nothing if all is well.
public enum NameRules {
    /// Bytes of a label value, of a DNS label and of the name part of a label key.
    public static let maximumLabelLength = 63
    /// Bytes of an object's name and of the prefix of a label key.
    public static let maximumSubdomainLength = 253

    private static let label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    private static let labelText =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
        + "and must start and end with an alphanumeric character"
    private static let subdomainText =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
        + "and must start and end with an alphanumeric character"
    private static let qualifiedText =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

    /// A namespace, a container, a port's name, most names that become host names.
    public static func dns1123Label(_ value: some StringProtocol) -> [String] {
        var problems: [String] = []
        let bytes = value.utf8
        if bytes.count > maximumLabelLength { problems.append(tooLong(maximumLabelLength)) }
        if !isLabel(bytes) {
            // Kubernetes has the hint that the other rule would do.
            problems.append(
                isSubdomain(bytes)
                    ? "must not contain dots" : regexText(labelText, label, ["my-name", "123-abc"]))
        }
        return problems
    }

    /// Most objects' names.
    public static func dns1123Subdomain(_ value: some StringProtocol) -> [String] {
        dns1123Subdomain(value, unit: "characters")
    }

    private static func dns1123Subdomain(_ value: some StringProtocol, unit: String) -> [String] {
        var problems: [String] = []
        if value.utf8.count > maximumSubdomainLength { problems.append(tooLong(maximumSubdomainLength, unit)) }
        if !isSubdomain(value.utf8) {
            problems.append(regexText(subdomainText, "\(label)(\\.\(label))*", ["example.com"]))
        }
        return problems
    }

    /// A service's name before Kubernetes 1.36: it may not begin with a digit.
    public static func dns1035Label(_ value: some StringProtocol) -> [String] {
        var problems: [String] = []
        if value.utf8.count > maximumLabelLength { problems.append(tooLong(maximumLabelLength)) }
        if !isLabel(value.utf8) || !(value.utf8.first.map(isLower) ?? false) {
            problems.append(
                regexText(
                    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
                        + "alphabetic character, and end with an alphanumeric character",
                    "[a-z]([-a-z0-9]*[a-z0-9])?", ["my-name", "abc-123"]))
        }
        return problems
    }

    /// A label key, an annotation key, a condition's type: `[prefix/]name`.
    public static func qualifiedName(_ value: some StringProtocol) -> [String] {
        var problems: [String] = []
        let parts = value.split(separator: "/", omittingEmptySubsequences: false)
        let name: Substring
        switch parts.count {
        case 1: name = Substring(parts[0])
        case 2:
            name = Substring(parts[1])
            if parts[0].isEmpty {
                problems.append("prefix part must be non-empty")
            } else {
                problems += dns1123Subdomain(parts[0], unit: "bytes").map { "prefix part " + $0 }
            }
        default:
            return [
                "a qualified name "
                    + regexText(
                        qualifiedText, "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", ["MyName", "my.name", "123-abc"])
                    + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ]
        }
        if name.isEmpty {
            problems.append("name part must be non-empty")
        } else if name.utf8.count > maximumLabelLength {
            problems.append("name part " + tooLong(maximumLabelLength, "bytes"))
        }
        if !isQualified(name.utf8) {
            problems.append(
                "name part "
                    + regexText(
                        qualifiedText, "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", ["MyName", "my.name", "123-abc"]))
        }
        return problems
    }

    /// A label's value; it may be empty.
    public static func labelValue(_ value: some StringProtocol) -> [String] {
        var problems: [String] = []
        if value.utf8.count > maximumLabelLength { problems.append(tooLong(maximumLabelLength, "bytes")) }
        if !value.isEmpty, !isQualified(value.utf8) {
            problems.append(
                regexText(
                    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
                        + "and must start and end with an alphanumeric character",
                    "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", ["MyValue", "my_value", "12345"]))
        }
        return problems
    }

    /// A key of a ConfigMap or a Secret.
    public static func configMapKey(_ value: some StringProtocol) -> [String] {
        var problems: [String] = []
        if value.utf8.count > maximumSubdomainLength { problems.append(tooLong(maximumSubdomainLength)) }
        let allowed = value.utf8.allSatisfy { isAlphanumeric($0) || [45, 46, 95].contains($0) }
        if value.isEmpty || !allowed {
            problems.append(
                regexText(
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'", "[-._a-zA-Z0-9]+",
                    ["key.name", "KEY_NAME", "key-name"]))
        }
        if value == "." { problems.append("must not be '.'") }
        if value == ".." {
            problems.append("must not be '..'")
        } else if value.hasPrefix("..") {
            problems.append("must not start with '..'")
        }
        return problems
    }

    /// The name of an environment variable: since 1.30 any printable ASCII but `=`.
    public static func environmentVariableName(_ value: some StringProtocol) -> [String] {
        var problems: [String] = []
        if value.isEmpty {
            problems.append("environment variable name must be non-empty")
        }
        if !value.utf8.allSatisfy({ (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "=") }) {
            problems.append(
                "a valid environment variable name must consist only of printable ASCII characters other than '='")
        }
        return problems
    }

    /// A service port's or a container port's name.
    public static func portName(_ value: some StringProtocol) -> [String] {
        var problems: [String] = []
        let bytes = Array(value.utf8)
        if bytes.count > 15 { problems.append(tooLong(15)) }
        let allowed = bytes.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
        if bytes.isEmpty || !allowed {
            problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
        }
        if !bytes.contains(where: isLower) { problems.append("must contain at least one letter (a-z)") }
        if zip(bytes, bytes.dropFirst()).contains(where: { $0 == 45 && $1 == 45 }) {
            problems.append("must not contain consecutive hyphens")
        }
        if bytes.first == 45 || bytes.last == 45 { problems.append("must not begin or end with a hyphen") }
        return problems
    }

    /// A name that need only be usable in a URL's path: RBAC objects, scale targets, metrics (`IsPathSegmentName`).
    public static func pathSegment(_ value: some StringProtocol) -> [String] {
        if value == "." || value == ".." { return ["may not be '\(value)'"] }
        return ["/", "%"].filter { value.contains($0) }.map { "may not contain '\($0)'" }
    }

    /// A host name with one leading `*.` (an Ingress rule).
    public static func wildcardSubdomain(_ value: some StringProtocol) -> [String] {
        var problems: [String] = []
        if value.utf8.count > maximumSubdomainLength { problems.append(tooLong(maximumSubdomainLength)) }
        if !(value.hasPrefix("*.") && isSubdomain(value.dropFirst(2).utf8)) {
            problems.append(
                regexText(
                    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must "
                        + "consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
                    "\\*\\.\(label)(\\.\(label))*", ["*.example.com"]))
        }
        return problems
    }

    /// `5%`
    public static func percentage(_ value: some StringProtocol) -> [String] {
        let digits = value.dropLast()
        if value.hasSuffix("%"), !digits.isEmpty, digits.utf8.allSatisfy(isDigit) { return [] }
        return [
            regexText(
                "a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%", ["1%", "93%"])
        ]
    }

    /// A header of an HTTP probe.
    public static func httpHeaderName(_ value: some StringProtocol) -> [String] {
        if !value.isEmpty, value.utf8.allSatisfy({ isAlphanumeric($0) || $0 == 45 }) { return [] }
        return [
            regexText(
                "a valid HTTP header must consist of alphanumeric characters or '-'", "[-A-Za-z0-9]+", ["X-Header-Name"]
            )
        ]
    }

    /// A port's number.
    public static func portNumber(_ value: some BinaryInteger) -> [String] {
        (1...65_535).contains(Int(clamping: value)) ? [] : ["must be between 1 and 65535, inclusive"]
    }

    // MARK: Texts

    /// Kubernetes counts bytes everywhere; the rules for labels say so, the older ones speak of characters.
    private static func tooLong(_ length: Int, _ unit: String = "characters") -> String {
        "must be no more than \(length) \(unit)"
    }

    /// `RegexError`: the examples are joined with two blanks after the comma, as Kubernetes has it.
    private static func regexText(_ text: String, _ pattern: String, _ examples: [String]) -> String {
        let shown = examples.map { "'\($0)'" }.joined(separator: ",  or ")
        return "\(text) (e.g. \(shown), regex used for validation is '\(pattern)')"
    }

    // MARK: Shapes

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    private static func isLower(_ byte: UInt8) -> Bool { (97...122).contains(byte) }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLower(byte | 0x20) }

    private static func isLabel(_ bytes: some Collection<UInt8>) -> Bool {
        hasShape(bytes, edge: { isLower($0) || isDigit($0) }, inner: { $0 == UInt8(ascii: "-") })
    }

    private static func isSubdomain(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { isLabel($0) }
    }

    private static func isQualified(_ bytes: some Collection<UInt8>) -> Bool {
        hasShape(bytes, edge: isAlphanumeric, inner: { [45, 46, 95].contains($0) })
    }

    /// Not empty, `edge` at both ends, `edge` or `inner` between.
    private static func hasShape(
        _ bytes: some Collection<UInt8>, edge: (UInt8) -> Bool, inner: (UInt8) -> Bool
    ) -> Bool {
        var atEdge = true
        var count = 0
        for byte in bytes {
            let isEdge = edge(byte)
            guard isEdge || (count > 0 && inner(byte)) else { return false }
            atEdge = isEdge
            count += 1
        }
        return count > 0 && atEdge
    }
}
