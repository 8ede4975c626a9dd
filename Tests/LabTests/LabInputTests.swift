import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// Inputs as they lie in a lab's file: read back, they are what was written, or a lab could not be lived through again.
@Suite struct LabInputTests {
    @Test func aRequestAboutAnyKindIsReadBack() throws {
        for row in KindRow.builtIn {
            var request = APIRequest(.patch, row.resource, namespace: "shop", name: "x", body: ["spec": ["a": 1]])
            request.patchType = .merge
            request.user = RequestUser(name: "jane", uid: "7", groups: ["dev"])
            let read = try Self.readBack(.request(request))
            guard case .request(let again) = read else {
                Issue.record("\(row.resource.kind): \(read)")
                continue
            }
            #expect(again.resource == row.resource && again.user == request.user && again.body == request.body)
            #expect(again.patchType == .merge && again.namespace == "shop" && again.name == "x")
        }
    }

    private static func readBack(_ action: LabInput.Action) throws -> LabInput.Action {
        var writer = BinaryWriter()
        writer.write(action)
        var reader = BinaryReader(writer.bytes)
        return try reader.read()
    }
}
