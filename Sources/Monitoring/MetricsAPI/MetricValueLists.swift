import KubernetesAPI
import PromQL

/// The answers of the metrics APIs that the HPA reads. Times are milliseconds since the Unix epoch.
public enum MetricValueLists {
    /// `custom.metrics.k8s.io`: the values of one metric of several objects.
    ///
    /// - Parameter version: `v1beta1` or `v1beta2`, which name the metric differently.
    public static func custom(
        _ metric: CustomMetric, namespace: String, values: [(name: String, value: Quantity)], time: Int64,
        version: String = "v1beta2"
    ) -> JSONValue {
        let row = KindRow.builtIn.first {
            $0.resource.group == metric.resource.group && $0.resource.plural == metric.resource.resource
        }
        let items = values.map { name, value -> JSONValue in
            var object: JSONValue = [
                "kind": .string(row?.resource.kind ?? metric.resource.resource), "name": .string(name),
                // The adapter puts a slash before the version of the core group.
                "apiVersion": .string(row.map { $0.resource.group + "/" + $0.resource.version } ?? ""),
            ]
            if metric.isNamespaced, case .object(var members) = object {
                members["namespace"] = .string(namespace)
                object = .object(members)
            }
            var members: JSONValue = [
                "describedObject": object, "timestamp": .string(InstantText.rfc3339(time - time % 1000)),
                "value": .string(value.description),
            ]
            if case .object(var fields) = members {
                if version == "v1beta1" {
                    fields["metricName"] = .string(metric.name)
                    fields["selector"] = .null
                } else {
                    fields["metric"] = ["name": .string(metric.name), "selector": .null]
                }
                members = .object(fields)
            }
            return members
        }
        return [
            "kind": "MetricValueList", "apiVersion": .string("custom.metrics.k8s.io/" + version), "metadata": [:],
            "items": .array(items),
        ]
    }

    /// `external.metrics.k8s.io`: the values of one metric.
    public static func external(
        _ name: String, values: [(labels: Labels, value: Quantity)], time: Int64
    ) -> JSONValue {
        let items = values.map { labels, value -> JSONValue in
            [
                "metricName": .string(name),
                "metricLabels": .object(
                    .init(uniqueKeysWithValues: labels.pairs.map { ($0.name, .string($0.value)) })),
                "timestamp": .string(InstantText.rfc3339(time - time % 1000)), "value": .string(value.description),
            ]
        }
        return [
            "kind": "ExternalMetricValueList", "apiVersion": "external.metrics.k8s.io/v1beta1", "metadata": [:],
            "items": .array(items),
        ]
    }
}
