#!/usr/bin/env python3
"""Writes Sources/KubernetesAPI/Generated from Tools/kubernetes_fields.json: one Swift file a message.

usage: Tools/generate-kubernetes-api.py        (from the root of the repository)

A field is declared once: its row in the message's schema has the JSON name, the protobuf number, the type, the
default, the merge key and the list keys; the property, the codec's two lines and everything that reads schemas
(strict decoding, defaulting, explain, patches, protobuf) follow from that row.
"""
import json
import pathlib
import shutil

ROOT = pathlib.Path(__file__).resolve().parent.parent
MESSAGES = json.loads((ROOT / "Tools/kubernetes_fields.json").read_text())
OUT = ROOT / "Sources/KubernetesAPI/Generated"

META = "apimachinery.pkg.apis.meta.v1."
SPECIAL = {
    META + "Time": ("Time", 16), META + "MicroTime": ("MicroTime", 16), META + "FieldsV1": ("JSONValue", 16),
    META + "Duration": ("String", 16), "apimachinery.pkg.api.resource.Quantity": ("Quantity", 32),
    "apimachinery.pkg.util.intstr.IntOrString": ("IntOrString", 24),
    "apimachinery.pkg.runtime.RawExtension": ("JSONValue", 16),
}
SCALARS = {"string": ("String", 16), "int32": ("Int32", 8), "int64": ("Int64", 16), "bool": ("Bool", 1),
           "bytes": ("Bytes", 8), "double": ("Double", 16)}

# (message, group/version, kind, plural, singular, namespaced, short names, categories)
KINDS = [
    ("api.core.v1.Node", "v1", "Node", "nodes", False, ["no"], []),
    ("api.core.v1.Namespace", "v1", "Namespace", "namespaces", False, ["ns"], []),
    ("api.core.v1.Pod", "v1", "Pod", "pods", True, ["po"], ["all"]),
    ("api.core.v1.Service", "v1", "Service", "services", True, ["svc"], ["all"]),
    ("api.core.v1.Endpoints", "v1", "Endpoints", "endpoints", True, ["ep"], []),
    ("api.core.v1.ConfigMap", "v1", "ConfigMap", "configmaps", True, ["cm"], []),
    ("api.core.v1.Secret", "v1", "Secret", "secrets", True, [], []),
    ("api.core.v1.ServiceAccount", "v1", "ServiceAccount", "serviceaccounts", True, ["sa"], []),
    ("api.core.v1.PersistentVolumeClaim", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", True, ["pvc"], []),
    ("api.core.v1.LimitRange", "v1", "LimitRange", "limitranges", True, ["limits"], []),
    ("api.core.v1.ResourceQuota", "v1", "ResourceQuota", "resourcequotas", True, ["quota"], []),
    ("api.core.v1.Event", "v1", "Event", "events", True, ["ev"], []),
    ("api.apps.v1.Deployment", "apps/v1", "Deployment", "deployments", True, ["deploy"], ["all"]),
    ("api.apps.v1.ReplicaSet", "apps/v1", "ReplicaSet", "replicasets", True, ["rs"], ["all"]),
    ("api.apps.v1.StatefulSet", "apps/v1", "StatefulSet", "statefulsets", True, ["sts"], ["all"]),
    ("api.apps.v1.DaemonSet", "apps/v1", "DaemonSet", "daemonsets", True, ["ds"], ["all"]),
    ("api.apps.v1.ControllerRevision", "apps/v1", "ControllerRevision", "controllerrevisions", True, [], []),
    ("api.batch.v1.Job", "batch/v1", "Job", "jobs", True, [], ["all"]),
    ("api.batch.v1.CronJob", "batch/v1", "CronJob", "cronjobs", True, ["cj"], ["all"]),
    ("api.autoscaling.v2.HorizontalPodAutoscaler", "autoscaling/v2", "HorizontalPodAutoscaler",
     "horizontalpodautoscalers", True, ["hpa"], ["all"]),
    ("api.autoscaling.v1.HorizontalPodAutoscaler", "autoscaling/v1", "HorizontalPodAutoscaler",
     "horizontalpodautoscalers", True, ["hpa"], ["all"]),
    ("api.autoscaling.v1.Scale", "autoscaling/v1", "Scale", "scales", True, [], []),
    ("api.policy.v1.PodDisruptionBudget", "policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", True, ["pdb"], []),
    ("api.policy.v1.Eviction", "policy/v1", "Eviction", "evictions", True, [], []),
    ("api.scheduling.v1.PriorityClass", "scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", False, ["pc"], []),
    ("api.discovery.v1.EndpointSlice", "discovery.k8s.io/v1", "EndpointSlice", "endpointslices", True, [], []),
    ("api.coordination.v1.Lease", "coordination.k8s.io/v1", "Lease", "leases", True, [], []),
    ("api.networking.v1.Ingress", "networking.k8s.io/v1", "Ingress", "ingresses", True, ["ing"], []),
    ("api.rbac.v1.Role", "rbac.authorization.k8s.io/v1", "Role", "roles", True, [], []),
    ("api.rbac.v1.ClusterRole", "rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", False, [], []),
    ("api.rbac.v1.RoleBinding", "rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", True, [], []),
    ("api.rbac.v1.ClusterRoleBinding", "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings",
     False, [], []),
    ("api.authorization.v1.SelfSubjectAccessReview", "authorization.k8s.io/v1", "SelfSubjectAccessReview",
     "selfsubjectaccessreviews", False, [], []),
    ("api.authorization.v1.SubjectAccessReview", "authorization.k8s.io/v1", "SubjectAccessReview",
     "subjectaccessreviews", False, [], []),
    ("api.authorization.v1.LocalSubjectAccessReview", "authorization.k8s.io/v1", "LocalSubjectAccessReview",
     "localsubjectaccessreviews", True, [], []),
    ("api.authorization.v1.SelfSubjectRulesReview", "authorization.k8s.io/v1", "SelfSubjectRulesReview",
     "selfsubjectrulesreviews", False, [], []),
    ("api.authentication.v1.SelfSubjectReview", "authentication.k8s.io/v1", "SelfSubjectReview",
     "selfsubjectreviews", False, [], []),
    ("api.authentication.v1.TokenRequest", "authentication.k8s.io/v1", "TokenRequest", "tokenrequests", True, [], []),
    ("metrics.v1beta1.PodMetrics", "metrics.k8s.io/v1beta1", "PodMetrics", "pods", True, [], []),
    ("metrics.v1beta1.NodeMetrics", "metrics.k8s.io/v1beta1", "NodeMetrics", "nodes", False, [], []),
]
# Not in the recorded field data: metrics.k8s.io, from its published API.
MESSAGES["metrics.v1beta1.ContainerMetrics"] = {
    "name": [1, "string", {"required": True}],
    "usage": [2, "map<string, .k8s.io.apimachinery.pkg.api.resource.Quantity>", {"required": True}]}
MESSAGES["metrics.v1beta1.PodMetrics"] = {
    "metadata": [1, META + "ObjectMeta", {}], "timestamp": [2, META + "Time", {"required": True}],
    "window": [3, "string", {"required": True}], "containers": [4, "[]ContainerMetrics", {"required": True}]}
MESSAGES["metrics.v1beta1.NodeMetrics"] = {
    "metadata": [1, META + "ObjectMeta", {}], "timestamp": [2, META + "Time", {"required": True}],
    "window": [3, "string", {"required": True}],
    "usage": [4, "map<string, .k8s.io.apimachinery.pkg.api.resource.Quantity>", {"required": True}]}
# A user's further attributes: lists behind a wrapper that only protobuf has. Nobody has any here.
for message in ("api.authorization.v1.SubjectAccessReviewSpec", "api.authentication.v1.UserInfo"):
    MESSAGES[message].pop("extra")
# Kinds and wrappers whose parts are always there, so that controllers need not unwrap them.
ALWAYS = {("PodTemplateSpec", "metadata"), ("PodTemplateSpec", "spec"), ("JobTemplateSpec", "metadata"),
          ("JobTemplateSpec", "spec")}
# Written as null if missing: `metav1.Time` is a struct, which `omitempty` keeps; a list has no `omitempty`.
NULLS = {("PodCondition", "lastProbeTime"), ("HorizontalPodAutoscalerStatus", "currentMetrics")}
# Strings that are pointers in the API's Go types: absent and empty are two things. All other strings are plain.
POINTER_STRINGS = {
    "storageClassName", "volumeMode", "volumeAttributesClassName", "apiGroup", "nodeName@Endpoint", "hostname@Endpoint",
    "zone@Endpoint", "name@EndpointPort", "protocol@EndpointPort", "appProtocol", "runtimeClassName", "holderIdentity",
    "strategy@LeaseSpec", "preferredHolder", "preemptionPolicy", "podReplacementPolicy", "completionMode", "managedBy",
    "ingressClassName", "pathType", "restartPolicy@Container", "restartPolicy@EphemeralContainer", "mountPropagation",
    "recursiveReadOnly", "unhealthyPodEvictionPolicy", "nodeAffinityPolicy", "nodeTaintsPolicy", "internalTrafficPolicy",
    "ipFamilyPolicy", "loadBalancerClass", "trafficDistribution", "selectPolicy", "timeZone", "fsGroupChangePolicy",
    "procMount", "localhostProfile", "service@GRPCAction", "propagationPolicy", "uid@Preconditions",
    "resourceVersion@Preconditions", "policy@PodResourceClaim"}
# Required messages that a manifest may leave out nevertheless, which validation tells from an empty one.
PRESENCE = {("DeploymentSpec", "selector"), ("ReplicaSetSpec", "selector"), ("StatefulSetSpec", "selector"),
            ("DaemonSetSpec", "selector")}
# Integers of statuses are plain (zero is left out), except where the API tells absent from zero.
POINTER_STATUS_INTEGERS = {
    "collisionCount", "terminatingReplicas", "averageUtilization", "currentCPUUtilizationPercentage", "terminating",
    "ready@JobStatus", "observedGeneration@HorizontalPodAutoscalerStatus", "lastScaleTime"}
PLAIN_INTEGERS = {"generation@ObjectMeta", "count@Event"}
# Compared with every change of a pod or its owners: field by field, where other messages compare their encodings.
COMPARED = {
    "OwnerReference", "PodStatus", "PodCondition", "PodIP", "HostIP", "ContainerStatus", "ContainerState",
    "ContainerStateWaiting", "ContainerStateRunning", "ContainerStateTerminated", "ResourceRequirements", "Toleration",
    "Taint", "LabelSelector", "LabelSelectorRequirement", "ReplicaSetStatus", "ReplicaSetCondition", "DeploymentStatus",
    "DeploymentCondition", "Endpoint", "EndpointConditions", "ObjectReference"}
KEYWORDS = {"protocol", "default", "operator", "continue", "extension", "self", "in", "where", "static", "internal"}
SWIFT_NAMES = {"api.autoscaling.v1." + n: n + "V1" for n in (
    "HorizontalPodAutoscaler", "HorizontalPodAutoscalerSpec", "HorizontalPodAutoscalerStatus",
    "CrossVersionObjectReference")}
SWIFT_NAMES["api.discovery.v1.EndpointPort"] = "EndpointSlicePort"
GO_PACKAGES = {"apimachinery.pkg.apis.meta.v1": "v1"}


def resolve(package, name):
    name = name.removeprefix(".k8s.io.")
    for candidate in (name, f"{package}.{name}"):
        if candidate in MESSAGES or candidate in SPECIAL:
            return candidate
    raise SystemExit(f"unknown type {name} in {package}")


def parse(package, text):
    """(cardinality, element type)"""
    if text.startswith("map<string, "):
        return "map", element(package, text[12:-1])
    if text.startswith("[]"):
        return "list", element(package, text[2:])
    return "single", element(package, text)


def element(package, text):
    return text if text in SCALARS else resolve(package, text)


def swift_name(message):
    return SWIFT_NAMES.get(message, message.rsplit(".", 1)[1])


def swift_type(kind):
    if kind in SCALARS:
        return SCALARS[kind][0]
    return SPECIAL[kind][0] if kind in SPECIAL else swift_name(kind)


def fields(message):
    package = message.rsplit(".", 1)[0]
    rows = []
    for name, (number, text, *rest) in MESSAGES[message].items():
        options = rest[0] if rest else {}
        cardinality, kind = parse(package, text)
        rows.append((name, number, cardinality, kind, options))
    return sorted(rows, key=lambda row: row[1])


def reach():
    seen, stack = [], [kind[0] for kind in KINDS] + [META + n for n in ("Status", "DeleteOptions", "ListMeta", "Condition")]
    while stack:
        message = stack.pop(0)
        if message in seen:
            continue
        seen.append(message)
        stack += [kind for _, _, _, kind, _ in fields(message) if kind in MESSAGES and kind not in SPECIAL]
    return sorted(seen)


REACHED = reach()
IS_KIND = {kind[0] for kind in KINDS}


def is_always(message, name, options, kind):
    if options.get("inline"):
        return True
    if message in IS_KIND and name in ("metadata", "spec", "status") and kind in MESSAGES and kind not in SPECIAL:
        return True
    short = message.rsplit(".", 1)[1]
    names = {name, f"{name}@{short}"}
    if kind == "string" and not names & POINTER_STRINGS:
        return True
    if kind in ("int32", "int64") and not names & POINTER_STATUS_INTEGERS:
        if short.endswith(("Status", "Condition")) or names & PLAIN_INTEGERS:
            return True
    return (swift_name(message), name) in ALWAYS or bool(options.get("required"))


# The spec of a pod: what the pods of a template share lies in one storage; a pod's own are its node, and the name of
# its token's volume, which the fields in MOUNTED show (Codec/PodSpec+Token.swift).
OVERLAID = "PodSpec"
OVERLAY = {"nodeName"}
MOUNTED = {"volumes", "containers", "initContainers"}


def size(message, trail=()):
    if swift_name(message) == OVERLAID:
        return 40
    total = 0
    for name, _, cardinality, kind, options in fields(message):
        if cardinality != "single":
            total += 8
        elif kind in SCALARS:
            total += SCALARS[kind][1]
        elif kind in SPECIAL:
            total += SPECIAL[kind][1]
        else:
            total += 8 if is_boxed(message, kind, trail) else size(kind, trail + (message,)) + 1
    return total


def is_boxed(message, kind, trail=()):
    return kind in trail or kind == message or size(kind, trail + (message,)) > 40


def quoted(text):
    return json.dumps(text)


def property_name(name):
    name = name[0].lower() + name[1:]
    return f"`{name}`" if name in KEYWORDS else name


def given_name(message, field):
    """The stored property of a field in PRESENCE: `givenSelector`."""
    return "given" + field[0].upper() + field[1:]


def stored_name(message, field):
    return given_name(message, field) if (swift_name(message), field) in PRESENCE else property_name(field)


def comparison(message, field, number, cardinality, kind, options):
    """Swift for the equality of one field: that of its encodings."""
    name = stored_name(message, field)
    if kind in SPECIAL and SPECIAL[kind][0] == "Quantity":
        return f"left.{name}.hasSameText(as: right.{name})"
    if cardinality == "single" and kind in MESSAGES and kind not in SPECIAL and is_boxed(message, kind):
        stored = "_" + name.strip("`")
        return f"left.{stored}.isIdentical(to: right.{stored}) || left.{name} == right.{name}"
    return f"left.{name} == right.{name}"


def go_package(message):
    return message.rsplit(".", 2)[-2]


def properties(message, indent):
    """Swift for the stored properties of a message."""
    lines, name = [], swift_name(message)
    for field, _, cardinality, kind, options in fields(message):
        swift, prop = swift_type(kind), property_name(field)
        if (name, field) in PRESENCE:
            given = given_name(message, field)
            lines.append(f"/// `{field}` as given; nil if it was left out.")
            lines.append(f"public var {given}: {swift}? = nil")
            lines.append(f"public var {prop}: {swift} {{ get {{ {given} ?? {swift}() }} set {{ {given} = newValue }} }}")
        elif cardinality == "list":
            lines.append(f"public var {prop}: [{swift}] = []")
        elif cardinality == "map":
            lines.append(f"public var {prop}: [String: {swift}] = [:]")
        elif kind in MESSAGES and kind not in SPECIAL and is_boxed(message, kind):
            stored = "_" + prop.strip("`")
            if is_always(message, field, options, kind):
                if field == "spec":
                    lines.append(f"/// The storage of `{field}`, to be shared with another object until one of them changes.")
                    stored = "boxedSpec"
                    lines.append(f"public var {stored} = Box({swift}())")
                else:
                    lines.append(f"@usableFromInline var {stored} = Box({swift}())")
                # Inlinable, or every look at one field would copy the whole part across modules.
                lines.append(f"@inlinable public var {prop}: {swift} {{ get {{ {stored}.value }} _modify {{ yield &{stored}.unique }} }}")
            else:
                lines.append(f"@usableFromInline var {stored} = OptionalBox<{swift}>()")
                lines.append(f"@inlinable public var {prop}: {swift}? {{ get {{ {stored}.value }} _modify {{ yield &{stored}.unique }} }}")
        elif is_always(message, field, options, kind):
            lines.append(f"public var {prop} = {swift}()")
        else:
            lines.append(f"public var {prop}: {swift}? = nil")
    return [indent + line for line in lines]


def declared_type(message, cardinality, kind, options, field):
    swift = swift_type(kind)
    if cardinality == "list":
        return f"[{swift}]"
    if cardinality == "map":
        return f"[String: {swift}]"
    return swift if is_always(message, field, options, kind) else f"{swift}?"


def overlaid_properties(message):
    """Swift for the properties of the message that keeps apart what is shared and what is its own."""
    name, lines = swift_name(message), []
    lines.append("    /// What the pods of one template have in common.")
    lines.append("    public struct Shared: Sendable {")
    hidden = MESSAGES[message]
    MESSAGES[message] = {field: row for field, row in hidden.items() if field not in OVERLAY}
    lines += properties(message, "        ")
    MESSAGES[message] = hidden
    lines += ["", "        public init() {}", "    }", ""]
    lines.append("    @usableFromInline static let nothing = Box(Shared())")
    lines.append("    /// The storage that pods of one template share until one of them changes it.")
    lines.append(f"    public var shared = {name}.nothing")
    lines.append("    /// The end of the name of the volume with the account's token; empty if admission mounted none.")
    lines.append("    public var tokenSuffix = String()")
    for field, _, cardinality, kind, options in fields(message):
        prop, swift = property_name(field), declared_type(message, cardinality, kind, options, field)
        if field in OVERLAY:
            lines.append(f"    public var {prop} = {swift}()")
        elif field in MOUNTED:
            own = "own" + field[0].upper() + field[1:]
            lines.append(f"    /// `{field}` without the token that admission mounted.")
            lines.append(f"    @inlinable public var {own}: {swift} {{ shared.value.{prop} }}")
            lines.append(f"    @inlinable public var {prop}: {swift} {{")
            lines.append(f"        get {{ tokenSuffix.isEmpty ? shared.value.{prop} : withToken(shared.value.{prop}) }}")
            lines.append(f"        _modify {{ if !tokenSuffix.isEmpty {{ settleToken() }}; yield &shared.unique.{prop} }}")
            lines.append("    }")
        else:
            lines.append(f"    @inlinable public var {prop}: {swift} {{ get {{ shared.value.{prop} }} _modify {{ yield &shared.unique.{prop} }} }}")
    return lines


def generate(message):
    name = swift_name(message)
    kind_row = next((k for k in KINDS if k[0] == message), None)
    rows = fields(message)
    lines = ["// Generated by Tools/generate-kubernetes-api.py. Do not edit.", ""]
    conformance = "KubernetesObject" if kind_row else "Message"
    lines.append(f"/// `{message.removeprefix('api.').removeprefix('apimachinery.pkg.apis.')}` of the Kubernetes API.")
    lines.append(f"public struct {name}: {conformance} {{")
    if kind_row:
        lines.append("    public var apiVersion: String? = nil")
        lines.append("    public var kind: String? = nil")
    lines += overlaid_properties(message) if name == OVERLAID else properties(message, "    ")
    lines += ["", "    public init() {}", ""]
    lines.append(f"    public static let schema = MessageSchema(name: {quoted(message.rsplit('.', 1)[1])}, goPackage: {quoted(go_package(message))}, fields: [")
    for field, number, cardinality, kind, options in rows:
        if kind in SCALARS:
            kind_text = f".{ {'bytes': 'bytes'}.get(kind, kind) }"
        elif kind in SPECIAL:
            kind_text = {"Time": ".time", "MicroTime": ".microTime", "Quantity": ".quantity", "IntOrString": ".intOrString",
                         "JSONValue": ".raw", "String": ".string"}[SPECIAL[kind][0]]
        else:
            kind_text = ".message { " + swift_name(kind) + ".schema }"
        extra = ""
        if cardinality != "single":
            extra += f", .{cardinality}"
        if options.get("required"):
            extra += ", required: true"
        if (swift_name(message), field) in NULLS:
            extra += ", writesNull: true"
        if options.get("inline"):
            extra += ", inline: true"
        if options.get("mergeKey"):
            extra += f", mergeKey: {quoted(options['mergeKey'])}"
        if options.get("patch"):
            extra += f", patchStrategy: {quoted(options['patch'])}"
        if options.get("list"):
            extra += f", listType: {quoted(options['list'])}"
        if options.get("map"):
            extra += f", mapType: {quoted(options['map'] if isinstance(options['map'], str) else 'atomic')}"
        if options.get("listKeys"):
            extra += ", listKeys: [" + ", ".join(map(quoted, options["listKeys"])) + "]"
        if "default" in options:
            extra += f", defaultValue: {quoted(json.dumps(options['default']))}"
        json_name = field[0].lower() + field[1:] if options.get("inline") else field
        lines.append(f"        FieldSchema({quoted(json_name)}, {number}, {kind_text}{extra}),")
    lines += ["    ])", ""]
    lines.append("    public func encode(to writer: inout some FieldWriter) {")
    for index, (field, _, cardinality, kind, options) in enumerate(rows):
        call = "writeInline" if options.get("inline") else "write"
        lines.append(f"        writer.{call}({index}, {stored_name(message, field)})")
    lines += ["    }", ""]
    lines.append("    public mutating func decode(_ place: Int, from reader: inout some FieldReader) throws(FieldError) {")
    lines.append("        switch place {")
    for index, (field, _, cardinality, kind, options) in enumerate(rows):
        lines.append(f"        case {index}: try reader.read(&{stored_name(message, field)})")
    lines += ["        default: break", "        }", "    }"]
    if name in COMPARED:
        lines += ["", "    public static func == (left: Self, right: Self) -> Bool {"]
        terms = [comparison(message, *row) for row in rows]
        lines += [f"        {'guard ' if len(terms) > 1 else 'return '}{terms[0]}" + ("," if len(terms) > 1 else "")]
        lines += [f"            {term}" + ("," if index < len(terms) - 2 else "") for index, term in enumerate(terms[1:])]
        lines += ["        else { return false }", "        return true"] if len(terms) > 1 else []
        lines += ["    }"]
    lines += ["}"]
    if kind_row:
        _, api_version, kind, plural, namespaced, short, categories = kind_row
        group, _, version = api_version.rpartition("/")
        lines += ["", f"extension {name} {{",
                  f"    public static let resource = ResourceType(group: {quoted(group)}, version: {quoted(version)}, kind: {quoted(kind)}, plural: {quoted(plural)}, namespaced: {'true' if namespaced else 'false'}, shortNames: [{', '.join(map(quoted, short))}], categories: [{', '.join(map(quoted, categories))}])",
                  "}"]
    return "\n".join(lines) + "\n"


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    for message in REACHED:
        group = message.removeprefix("api.").removeprefix("apimachinery.pkg.apis.").split(".")[0]
        path = OUT / group / f"{swift_name(message)}.swift"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(generate(message))
    names = [swift_name(m) for m in REACHED]
    duplicates = {n for n in names if names.count(n) > 1}
    if duplicates:
        raise SystemExit(f"two messages share a Swift name: {sorted(duplicates)}")
    kinds = "\n".join(f"        KindRow({swift_name(k[0])}.self)," for k in KINDS)
    (OUT / "BuiltInKinds.swift").write_text(
        "// Generated by Tools/generate-kubernetes-api.py. Do not edit.\n\n"
        "extension KindRow {\n    /// Every kind that the lab has, in the order of the generator's table.\n"
        f"    public static let builtIn: [KindRow] = [\n{kinds}\n    ]\n}}\n")
    # OpenAPI names a message by its package and its own name; error texts know the last part of the package only.
    # Two have one name, of which the first stands for both.
    packages = {}
    for m in REACHED:
        packages.setdefault(f"{go_package(m)}.{m.rsplit('.', 1)[1]}", "io.k8s." + m.rsplit(".", 1)[0])
    rows = "\n".join(f"        {quoted(key)}: {quoted(packages[key])}," for key in sorted(packages))
    (OUT / "MessagePackages.swift").write_text(
        "// Generated by Tools/generate-kubernetes-api.py. Do not edit.\n\n"
        "extension MessageSchema {\n    /// The package of each message by its Go name, as OpenAPI has it.\n"
        f"    static let packages: [String: String] = [\n{rows}\n    ]\n}}\n")
    print(f"{len(REACHED)} messages")


main()
