import PromQL

/// What `kubernetes_sd_configs` looks for.
public enum KubernetesRole: String, Sendable, CaseIterable {
    case pod, service, endpoints, endpointslice, node, ingress

    /// The kinds of objects whose selectors the role takes.
    var selectable: [KubernetesRole] {
        switch self {
        case .endpoints: [.pod, .service, .endpoints]
        case .endpointslice: [.pod, .service, .endpointslice]
        case .pod, .service, .node, .ingress: [self]
        }
    }
}

/// One entry of `kubernetes_sd_configs`.
public struct KubernetesDiscoveryConfiguration: Sendable, Equatable {
    /// Which objects of a kind are looked at, in the API server's own notation.
    public struct Selector: Sendable, Equatable {
        public var role: KubernetesRole
        /// Such as `app=web,tier in (front,back)`; empty for all.
        public var label: String
        /// Such as `spec.nodeName=node-1`; empty for all.
        public var field: String

        public init(role: KubernetesRole, label: String = "", field: String = "") {
            self.role = role
            self.label = label
            self.field = field
        }
    }

    public var role: KubernetesRole
    /// The namespaces that are looked at; empty for all.
    public var namespaces: [String] = []
    /// Whether the namespace of Prometheus' own pod is looked at too.
    public var ownNamespace = false
    public var selectors: [Selector] = []
    /// Whether targets carry the labels of their node.
    public var attachNode = false
    /// Whether targets carry the labels and annotations of their namespace.
    public var attachNamespace = false

    public init(role: KubernetesRole) { self.role = role }
}

/// One entry of `static_configs`.
public struct StaticDiscoveryConfiguration: Sendable, Equatable {
    /// Addresses, `host:port`.
    public var targets: [String]
    /// What all of them are labelled with.
    public var labels: Labels

    public init(targets: [String], labels: Labels = .empty) {
        self.targets = targets
        self.labels = labels
    }
}

/// Where the targets of a job come from.
public struct DiscoveryConfiguration: Sendable, Equatable {
    public var statics: [StaticDiscoveryConfiguration] = []
    public var kubernetes: [KubernetesDiscoveryConfiguration] = []

    public init() {}

    /// The mechanisms of Prometheus that have no counterpart in a simulated cluster.
    static let others: Set<String> = Set(
        [
            "aws", "azure", "consul", "digitalocean", "dns", "docker", "dockerswarm", "ec2", "eureka", "file", "gce",
            "hetzner", "http", "ionos", "kuma", "lightsail", "linode", "marathon", "nerve", "nomad", "openstack",
            "ovhcloud", "puppetdb", "scaleway", "serverset", "stackit", "triton", "uyuni", "vultr",
        ].map { $0 + "_sd_configs" })

    /// The fields of a section in which discovery stands.
    static let fields: Set<String> = others.union(["static_configs", "kubernetes_sd_configs"])
}
