import KubernetesAPI
import PromQL

extension StrictReader {
    /// Fields of an HTTP client, which a simulated request has no use for; they are known and not looked at.
    static let httpClientFields: Set<String> = [
        "basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file", "tls_config", "proxy_url",
        "no_proxy", "proxy_from_environment", "proxy_connect_header", "follow_redirects", "enable_http2",
        "http_headers",
    ]

    /// Refuses more than one way to log in. Which one it is makes no difference to a simulated request.
    func checkCredentials(_ section: Section) throws(ConfigurationError) {
        let hasToken = section.has("bearer_token")
        let hasTokenFile = section.has("bearer_token_file")
        let (hasBasic, hasOAuth) = (section.has("basic_auth"), section.has("oauth2"))
        if hasToken, hasTokenFile {
            throw failure(
                "at most one of bearer_token & bearer_token_file must be configured",
                at: section.path(of: "bearer_token"))
        }
        if hasBasic || hasOAuth, hasToken || hasTokenFile {
            throw failure(
                "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
                at: section.path(of: hasBasic ? "basic_auth" : "oauth2"))
        }
        if section.has("authorization") {
            if hasToken || hasTokenFile {
                throw failure(
                    "authorization is not compatible with bearer_token & bearer_token_file",
                    at: section.path(of: "authorization"))
            }
            if hasBasic || hasOAuth {
                throw failure(
                    "at most one of basic_auth, oauth2 & authorization must be configured",
                    at: section.path(of: "authorization"))
            }
        }
        if hasBasic, hasOAuth {
            throw failure(
                "at most one of basic_auth, oauth2 & authorization must be configured",
                at: section.path(of: "oauth2"))
        }
    }

    private static let staticGroup =
        #"struct { Targets []string "yaml:\"targets\""; Labels model.LabelSet "yaml:\"labels\"" }"#

    /// Reads `static_configs` and `kubernetes_sd_configs`; other mechanisms are refused by name.
    mutating func discovery(_ parent: Section) throws(ConfigurationError) -> DiscoveryConfiguration {
        var discovery = DiscoveryConfiguration()
        for name in (parent.value.object ?? [:]).keys where DiscoveryConfiguration.others.contains(name) {
            throw failure(
                "\(name) is not available in a lab, whose targets are found by static_configs and "
                    + "kubernetes_sd_configs", at: parent.path(of: name))
        }
        for (value, path) in list(parent, "static_configs", type: "[]*targetgroup.Group") {
            guard let group = section(value, at: path, type: Self.staticGroup, fields: ["targets", "labels"]) else {
                continue
            }
            discovery.statics.append(
                StaticDiscoveryConfiguration(
                    targets: strings(group, "targets") ?? [],
                    labels: try labels(group, "labels", type: "model.LabelSet")))
        }
        for (value, path) in list(parent, "kubernetes_sd_configs", type: "[]*kubernetes.SDConfig") {
            let fields = Self.httpClientFields.union([
                "api_server", "role", "kubeconfig_file", "namespaces", "selectors", "attach_metadata",
            ])
            let before = typeErrors.count
            guard let section = section(value, at: path, type: "kubernetes.plain", fields: fields) else { continue }
            if let found = try kubernetes(section), typeErrors.count == before { discovery.kubernetes.append(found) }
        }
        return discovery
    }

    private mutating func kubernetes(
        _ section: Section
    ) throws(ConfigurationError) -> KubernetesDiscoveryConfiguration? {
        if section.has("kubeconfig_file"), section.has("api_server") {
            throw failure(
                "cannot use 'kubeconfig_file' and 'api_server' simultaneously", at: section.path(of: "api_server"))
        }
        guard let name = string(section, "role"), !name.isEmpty else {
            throw failure(
                "role missing (one of: pod, service, endpoints, endpointslice, node, ingress)", at: section.path)
        }
        guard let role = KubernetesRole(rawValue: name) else {
            throw failure("unknown Kubernetes SD role \(GoQuote.quote(name))", at: section.path(of: "role"))
        }
        var found = KubernetesDiscoveryConfiguration(role: role)
        if let namespaces = self.section(
            section, "namespaces", type: "kubernetes.plain", fields: ["own_namespace", "names"])
        {
            found.namespaces = strings(namespaces, "names") ?? []
            found.ownNamespace = bool(namespaces, "own_namespace") ?? false
        }
        if let metadata = self.section(
            section, "attach_metadata", type: "kubernetes.AttachMetadataConfig", fields: ["node", "namespace"])
        {
            found.attachNode = bool(metadata, "node") ?? false
            found.attachNamespace = bool(metadata, "namespace") ?? false
        }
        for (value, path) in list(section, "selectors", type: "[]kubernetes.SelectorConfig") {
            guard
                let selector = self.section(
                    value, at: path, type: "kubernetes.SelectorConfig", fields: ["role", "label", "field"])
            else { continue }
            let name = string(selector, "role") ?? ""
            guard let kind = KubernetesRole(rawValue: name) else {
                throw failure("unknown Kubernetes SD role \(GoQuote.quote(name))", at: selector.path(of: "role"))
            }
            if found.selectors.contains(where: { $0.role == kind }) {
                throw failure("duplicated selector role: \(name)", at: selector.path(of: "role"))
            }
            guard role.selectable.contains(kind) else {
                throw failure(
                    "\(role.rawValue) role supports only "
                        + role.selectable.map(\.rawValue).joined(separator: ", ") + " selectors",
                    at: selector.path(of: "role"))
            }
            let label = string(selector, "label") ?? ""
            let field = string(selector, "field") ?? ""
            do throws(SelectorError) {
                _ = try FieldQuery(parsing: field)
            } catch {
                throw failure(error.description, at: selector.path(of: "field"))
            }
            do throws(SelectorError) {
                _ = try LabelQuery(parsing: label)
            } catch {
                throw failure(error.description, at: selector.path(of: "label"))
            }
            found.selectors.append(.init(role: kind, label: label, field: field))
        }
        return found
    }
}
