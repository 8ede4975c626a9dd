import KubernetesAPI

/// The CustomResourceDefinitions of `monitoring.coreos.com/v1` that the lab's operator acts on, with the names, defaults
/// and patterns of the operator's own; what it does not read (credentials, TLS) is kept and not looked at.
public enum OperatorDefinitions {
    public static let serviceMonitor = ResourceType(
        group: "monitoring.coreos.com", version: "v1", kind: "ServiceMonitor", plural: "servicemonitors",
        namespaced: true, shortNames: ["smon"], categories: ["prometheus-operator"])
    public static let podMonitor = ResourceType(
        group: "monitoring.coreos.com", version: "v1", kind: "PodMonitor", plural: "podmonitors", namespaced: true,
        shortNames: ["pmon"], categories: ["prometheus-operator"])
    public static let prometheusRule = ResourceType(
        group: "monitoring.coreos.com", version: "v1", kind: "PrometheusRule", plural: "prometheusrules",
        namespaced: true, shortNames: ["promrule"], categories: ["prometheus-operator"])

    /// The definitions as objects of the API.
    public static var objects: [JSONValue] {
        [
            (podMonitor, podMonitorSpec), (prometheusRule, prometheusRuleSpec), (serviceMonitor, serviceMonitorSpec),
        ].compactMap { resource, spec in DefinitionText.object(resource, spec: spec, status: DefinitionText.free) }
    }

    private static let duration =
        #"{type: string, pattern: "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"}"#
    private static let requiredDuration = duration.replacing("type: string", with: "type: string, minLength: 1")
    private static let texts = "{type: array, items: {type: string}}"
    private static let textMap = "{type: object, additionalProperties: {type: string}}"
    private static let limit = "{type: integer, format: int64}"
    private static let portNumber = "{type: integer, format: int32, minimum: 1, maximum: 65535}"

    private static let selector = """
        {type: object, properties: {
          matchLabels: \(textMap),
          matchExpressions: {type: array, items: {type: object, required: [key, operator], properties: {
            key: {type: string}, operator: {type: string}, values: \(texts)}}}}}
        """

    private static let relabelling = """
        {type: array, items: {type: object, properties: {
          sourceLabels: \(texts), separator: {type: string}, regex: {type: string},
          modulus: {type: integer, format: int64}, targetLabel: {type: string}, replacement: {type: string},
          action: {type: string, default: replace, enum: [
            replace, Replace, keep, Keep, drop, Drop, hashmod, HashMod, labelmap, LabelMap, labeldrop, LabelDrop,
            labelkeep, LabelKeep, lowercase, Lowercase, uppercase, Uppercase, keepequal, KeepEqual, dropequal,
            DropEqual]}}}}
        """

    /// What endpoints of both kinds of monitor have.
    private static let endpointFields = """
        port: {type: string}, targetPort: {x-kubernetes-int-or-string: true}, path: {type: string},
          scheme: {type: string, enum: [http, https, HTTP, HTTPS]},
          params: {type: object, additionalProperties: \(texts)},
          interval: \(duration), scrapeTimeout: \(duration), honorLabels: {type: boolean},
          honorTimestamps: {type: boolean}, trackTimestampsStaleness: {type: boolean},
          filterRunning: {type: boolean}, followRedirects: {type: boolean}, enableHttp2: {type: boolean},
          relabelings: \(relabelling), metricRelabelings: \(relabelling), proxyUrl: {type: string},
          noProxy: {type: string}, proxyFromEnvironment: {type: boolean}, proxyConnectHeader: \(DefinitionText.free),
          authorization: \(DefinitionText.free), basicAuth: \(DefinitionText.free), oauth2: \(DefinitionText.free),
          tlsConfig: \(DefinitionText.free), bearerTokenSecret: \(DefinitionText.free)
        """

    /// What both kinds of monitor have beside their endpoints.
    private static let monitorFields = """
        jobLabel: {type: string}, podTargetLabels: \(texts), selector: \(selector),
          selectorMechanism: {type: string, enum: [RelabelConfig, RoleSelector]},
          namespaceSelector: {type: object, properties: {any: {type: boolean}, matchNames: \(texts)}},
          sampleLimit: \(limit), targetLimit: \(limit), labelLimit: \(limit), labelNameLengthLimit: \(limit),
          labelValueLengthLimit: \(limit), keepDroppedTargets: \(limit),
          scrapeProtocols: \(texts), scrapeClass: {type: string, minLength: 1},
          fallbackScrapeProtocol: {type: string, enum: [
            PrometheusProto, OpenMetricsText0.0.1, OpenMetricsText1.0.0, PrometheusText0.0.4, PrometheusText1.0.0]},
          scrapeClassicHistograms: {type: boolean}, scrapeNativeHistograms: {type: boolean},
          nativeHistogramBucketLimit: \(limit), nativeHistogramMinBucketFactor: {x-kubernetes-int-or-string: true},
          convertClassicHistogramsToNHCB: {type: boolean},
          attachMetadata: {type: object, properties: {node: {type: boolean}}},
          bodySizeLimit: {type: string, pattern: "(^0|([0-9]*[.])?[0-9]+((K|M|G|T|E|P)i?)?B)$"}
        """

    private static let serviceMonitorSpec = """
        {type: object, required: [endpoints, selector], properties: {
          \(monitorFields), targetLabels: \(texts),
          serviceDiscoveryRole: {type: string, enum: [Endpoints, EndpointSlice]},
          endpoints: {type: array, items: {type: object, properties: {
            \(endpointFields), bearerTokenFile: {type: string}}}}}}
        """

    private static let podMonitorSpec = """
        {type: object, required: [selector], properties: {
          \(monitorFields),
          podMetricsEndpoints: {type: array, items: {type: object, properties: {
            \(endpointFields), portNumber: \(portNumber)}}}}}
        """

    private static let prometheusRuleSpec = """
        {type: object, properties: {groups: {
          type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name],
          items: {type: object, required: [name], properties: {
            name: {type: string, minLength: 1}, interval: \(duration), query_offset: \(duration),
            limit: {type: integer}, labels: \(textMap),
            partial_response_strategy: {type: string, pattern: "^(?i)(abort|warn)?$"},
            rules: {type: array, items: {type: object, required: [expr], properties: {
              alert: {type: string}, record: {type: string}, expr: {x-kubernetes-int-or-string: true},
              for: \(duration), keep_firing_for: \(requiredDuration), labels: \(textMap),
              annotations: \(textMap)}}}}}}}}
        """
}

/// Definitions as text that is short enough to be read.
enum DefinitionText {
    /// The schema of what is kept and not looked at.
    static let free = "{type: object, x-kubernetes-preserve-unknown-fields: true}"

    /// A definition of one version with a status, in which `spec` is required.
    /// - Parameter columns: `additionalPrinterColumns`, as YAML.
    static func object(_ resource: ResourceType, spec: String, status: String, columns: String = "[]") -> JSONValue? {
        let text = """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: \(resource.plural).\(resource.group)}
            spec:
              group: \(resource.group)
              scope: Namespaced
              names:
                kind: \(resource.kind)
                listKind: \(resource.kind)List
                plural: \(resource.plural)
                singular: \(resource.singular)
                shortNames: [\(resource.shortNames.joined(separator: ", "))]
                categories: [\(resource.categories.joined(separator: ", "))]
              versions:
              - name: \(resource.version)
                served: true
                storage: true
                subresources: {status: {}}
                additionalPrinterColumns: \(columns)
                schema:
                  openAPIV3Schema:
                    type: object
                    required: [spec]
                    properties: {
                      apiVersion: {type: string}, kind: {type: string}, metadata: {type: object},
                      spec: \(spec.replacing("\n", with: " ")),
                      status: \(status.replacing("\n", with: " "))}
            """
        return (try? YAMLReader.documents(text))?.first?.value
    }
}
