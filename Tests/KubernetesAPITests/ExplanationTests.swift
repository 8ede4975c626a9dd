import Testing

@testable import KubernetesAPI

@Suite struct ExplanationTests {
    private func kind(_ name: String) throws -> KindRow {
        try #require(KindRow.builtIn.first { $0.resource.kind == name })
    }

    @Test func fieldWithChoices() throws {
        let text = try Explanation.text(
            of: kind("Pod"), path: ["spec", "containers", "imagePullPolicy"], recursive: false)
        #expect(
            text == """
                KIND:       Pod
                VERSION:    v1

                FIELD: imagePullPolicy <string>
                ENUM:
                    Always
                    IfNotPresent
                    Never

                DESCRIPTION:
                    When the image is pulled. Default: Always if the tag is latest or missing,
                    otherwise IfNotPresent.
                \("    ")


                """)
    }

    @Test func messageWithFields() throws {
        let text = try Explanation.text(of: kind("Deployment"), path: ["spec", "strategy"], recursive: false)
        #expect(
            text == """
                GROUP:      apps
                KIND:       Deployment
                VERSION:    v1

                FIELD: strategy <DeploymentStrategy>


                DESCRIPTION:
                    How old pods are replaced by new ones.
                    How pods are replaced.
                \("    ")
                FIELDS:
                  rollingUpdate\t<RollingUpdateDeployment>
                    The steps of RollingUpdate; not with Recreate.

                  type\t<string>
                  enum: Recreate, RollingUpdate
                    RollingUpdate replaces pods step by step, Recreate ends all old ones first.
                    Default: RollingUpdate.



                """)
    }

    @Test func recursive() throws {
        let text = try Explanation.text(of: kind("Deployment"), path: ["spec", "strategy"], recursive: true)
        #expect(
            text.hasSuffix(
                """
                FIELDS:
                  rollingUpdate\t<RollingUpdateDeployment>
                    maxSurge\t<IntOrString>
                    maxUnavailable\t<IntOrString>
                  type\t<string>
                  enum: Recreate, RollingUpdate


                """))
    }

    @Test func requiredAndInlinedFields() throws {
        let spec = try Explanation.text(of: kind("Pod"), path: ["spec"], recursive: false)
        #expect(spec.contains("\n  containers\t<[]Container> -required-\n"))
        let probe = try Explanation.text(
            of: kind("Pod"), path: ["spec", "containers", "readinessProbe"], recursive: false)
        #expect(probe.contains("\n  httpGet\t<HTTPGetAction>\n"))
        let root = try Explanation.text(of: kind("Pod"), path: [], recursive: false)
        #expect(root.contains("FIELDS:\n  apiVersion\t<string>\n"))
        let limits = try Explanation.text(
            of: kind("Pod"), path: ["spec", "containers", "resources", "limits"], recursive: false)
        #expect(limits.contains("FIELD: limits <map[string]Quantity>\n"))
    }

    @Test func unknownField() throws {
        #expect(throws: FieldError("field \"replica\" does not exist")) {
            try Explanation.text(of: kind("Deployment"), path: ["spec", "replica"], recursive: false)
        }
    }

    /// Every line of the help texts names a message and a field that the API has: no text is written in vain.
    @Test func textsBelongToFields() {
        var known: Set<String> = []
        func visit(_ schema: MessageSchema) {
            guard known.insert(schema.name).inserted else { return }
            for field in schema.fields {
                known.insert(schema.name + "." + field.name)
                known.insert("*." + field.name)
                if let inner = field.type.message { visit(inner) }
            }
        }
        for row in KindRow.builtIn { visit(row.schema) }
        known.formUnion(["*.apiVersion", "*.kind"])
        #expect(HelpTexts.names.filter { !known.contains($0) } == [])
        #expect(FieldChoices.names.filter { !known.contains($0) } == [])
    }

    /// The fields of the lessons all have a text.
    @Test(arguments: [
        "Pod", "PodSpec", "Container", "Probe", "HTTPGetAction", "ResourceRequirements", "Lifecycle",
        "LifecycleHandler",
        "HorizontalPodAutoscalerSpec", "HorizontalPodAutoscalerBehavior", "HPAScalingRules", "HPAScalingPolicy",
        "MetricSpec",
        "MetricTarget", "DeploymentSpec", "DeploymentStrategy", "RollingUpdateDeployment", "PodDisruptionBudgetSpec",
        "Service",
        "JobSpec", "TopologySpreadConstraint", "Toleration", "Affinity", "PodAffinityTerm", "PriorityClass", "EnvVar",
        "ContainerPort", "ServicePort", "CronJobSpec", "LabelSelector",
    ]) func lessonsAreCovered(message: String) {
        var seen: Set<String> = []
        var missing: [String] = []
        func visit(_ schema: MessageSchema) {
            guard seen.insert(schema.name).inserted else { return }
            for field in schema.fields {
                if schema.name == message, !field.inline, HelpTexts.text(of: field.name, in: message) == nil {
                    missing.append(field.name)
                }
                if let inner = field.type.message { visit(inner) }
            }
        }
        for row in KindRow.builtIn { visit(row.schema) }
        #expect(seen.contains(message))
        #expect(missing == [])
    }
}
