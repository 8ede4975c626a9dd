/// A flag of a command, as `pflag` knows it: parsing, errors and `--help` read this one row.
struct Flag: Sendable {
    enum Kind: Sendable, Equatable {
        case bool
        case string
        /// May stand several times; commas separate values too.
        case list
        /// May stand several times; commas belong to the value.
        case repeated
        case int
        case duration
        /// Without `=value` the flag means this value.
        case optional(String)
    }

    let name: String
    /// One letter, or empty.
    let short: String
    let kind: Kind
    /// As help prints it and parsing assumes it.
    let initial: String
    let help: String

    init(_ name: String, _ short: String = "", _ kind: Kind = .string, initial: String? = nil, _ help: String) {
        self.name = name
        self.short = short
        self.kind = kind
        self.initial =
            initial
            ?? {
                switch kind {
                case .bool: "false"
                case .int: "0"
                case .duration: "0s"
                default: ""
                }
            }()
        self.help = help
    }

    /// `-n, --namespace`, as pflag's errors name a flag.
    var label: String { short.isEmpty ? "--\(name)" : "-\(short), --\(name)" }

    /// The line of `--help`.
    var helpText: String {
        let head = short.isEmpty ? "    --\(name)" : "    -\(short), --\(name)"
        let value: String
        switch kind {
        case .list, .repeated: value = "[]"
        case .string, .optional: value = "'\(initial)'"
        default: value = initial
        }
        return "\(head)=\(value):\n        \(help)"
    }
}

/// The flags that every command has.
extension Flag {
    static let namespace = Flag("namespace", "n", "If present, the namespace scope for this request")
    static let help = Flag("help", "h", .bool, "Print what the command does and its flags")
    static let selector = Flag(
        "selector", "l",
        "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.(e.g. -l key1=value1,key2=value2,key3 in (value3))"
    )
    static let fieldSelector = Flag(
        "field-selector",
        "Selector (field query) to filter on, supports '=', '==', and '!='.(e.g. --field-selector key1=value1,key2=value2)"
    )
    static let allNamespaces = Flag(
        "all-namespaces", "A", .bool, "If present, list the requested object(s) across all namespaces")
    static let filename = Flag(
        "filename", "f", .list, "Filename, directory, or - for standard input, of the resources to use")
    static let recursive = Flag("recursive", "R", .bool, "Process the directory used in -f, --filename recursively")
    static let kustomize = Flag("kustomize", "k", "Process a kustomization directory (not supported here)")
    static let output = Flag(
        "output", "o",
        "Output format. One of: (json, yaml, name, jsonpath, jsonpath-as-json)")
    static let dryRun = Flag(
        "dry-run", "", .optional("unchanged"), initial: "none",
        "Must be \"none\", \"server\", or \"client\". With client, only print the object that would be sent. With server, submit the request without persisting the resource"
    )
    static let fieldManager = Flag("field-manager", "Name of the manager used to track field ownership")
    static let showManagedFields = Flag(
        "show-managed-fields", "", .bool, "If true, keep the managedFields when printing objects in JSON or YAML format"
    )
    static let allowMissingTemplateKeys = Flag(
        "allow-missing-template-keys", "", .bool, initial: "true",
        "If true, ignore errors in templates when a field or map key is missing")
    static let timeout = Flag(
        "timeout", "", .duration,
        "The length of simulated time to wait before giving up; zero means the command's own default")
    static let watchFor = Flag(
        "watch-for", "", .duration,
        "Simulated time to watch; zero means until nothing changes for a minute, ten minutes at most")
    static let global: [Flag] = [
        .namespace, .help,
        Flag(
            "as",
            "Username to impersonate for the operation. User could be a regular user or a service account in a namespace"
        ),
        Flag(
            "as-group", "", .repeated,
            "Group to impersonate for the operation, this flag can be repeated to specify multiple groups"),
        Flag("as-uid", "UID to impersonate for the operation"),
        Flag("context", "The kubeconfig context; there is but one cluster here"),
        Flag("request-timeout", "", .string, initial: "0", "Ignored: requests take no time here"),
        Flag("v", "v", .int, "Ignored: number for the log level verbosity"),
    ]
}

extension Flag {
    /// A flag of kind string without a short form.
    init(_ name: String, _ help: String) { self.init(name, "", .string, help) }
    init(_ name: String, _ short: String, _ help: String) { self.init(name, short, .string, help) }
}
