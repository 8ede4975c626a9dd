import Kubectl
import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// A container for debugging, from the request to what `kubectl describe` says of it.
@Suite struct DebugContainerTests {
    @Test func aDebuggerIsDescribedBesideTheContainers() throws {
        var world = try World.make(
            "name: debug\nnamespace: shop\nnodes: [{name: n1, cpu: \"4\", memory: 8Gi}]\nworkloads: {images: {web: {service: {stages: [{compute: 0.001}]}}, shell: {batch: {stages: [{wait: 5}]}}}}",
            manifests:
                "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: app, image: \"web:1\"}]}")
        try world.advance(to: .zero + .seconds(20))
        let body = try JSONValue(
            parsingJSON: Array(#"{"spec":{"ephemeralContainers":[{"name":"debugger","image":"shell:1"}]}}"#.utf8)[...])
        let response = world.respond(
            to: APIRequest(
                .patch, Pod.resource, namespace: "shop", name: "p", subresource: "ephemeralcontainers", body: body,
                patchType: .strategicMerge))
        #expect(response.code == 200)
        try world.advance(to: world.now + .seconds(30))
        let (text, code) = KubectlPlayTests.kubectl("describe pod p", on: &world)
        let lines = text.split(separator: "\n").map(String.init)
        let place = try #require(lines.firstIndex(of: "Ephemeral Containers:"))
        #expect(code == 0 && lines[place + 1] == "  debugger:")
        #expect(lines[place...].contains { $0.hasPrefix("    State:") && $0.hasSuffix("Terminated") })
        #expect(lines.contains { $0.contains("spec.ephemeralContainers{debugger}: Container started") })
        #expect(world.audit().isEmpty)
    }
}
