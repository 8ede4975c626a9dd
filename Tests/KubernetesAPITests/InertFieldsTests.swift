import Testing

@testable import KubernetesAPI

@Suite struct InertFieldsTests {
    @Test func findsFieldsAtAnyDepth() throws {
        let document = try #require(
            try YAMLReader.documents(
                """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: web}
                spec:
                  replicas: 2
                  selector: {matchLabels: {app: web}}
                  template:
                    metadata: {labels: {app: web}}
                    spec:
                      hostAliases: [{ip: 10.0.0.1, hostnames: [a]}]
                      containers:
                      - name: c
                        image: app:1
                        tty: true
                        readinessProbe: {httpGet: {path: /, port: 80, httpHeaders: [{name: A, value: b}]}}
                """
            ).first)
        let kind = try #require(KindRow.builtIn.first { $0.resource.kind == "Deployment" })
        #expect(
            InertFields.paths(in: document.value, kind: kind) == [
                "spec.template.spec.hostAliases", "spec.template.spec.containers[0].tty",
                "spec.template.spec.containers[0].readinessProbe.httpGet.httpHeaders",
            ])
    }

    @Test func tableNamesFieldsThatThereAre() {
        var known: Set<String> = []
        func visit(_ schema: MessageSchema) {
            guard known.insert(schema.name).inserted else { return }
            for field in schema.fields {
                known.insert(schema.name + "." + field.name)
                if let inner = field.type.message { visit(inner) }
            }
        }
        for row in KindRow.builtIn { visit(row.schema) }
        #expect(
            InertFields.all.filter { !known.contains($0.message + "." + $0.field) }.map { $0.message + "." + $0.field }
                == [])
    }
}
