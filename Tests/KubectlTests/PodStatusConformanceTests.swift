import Foundation
import KubernetesAPI
import Testing

@testable import Kubectl

/// The columns of `kubectl get pods -o wide`, against what the real printer says for each state of a pod.
@Suite struct PodStatusConformanceTests {
    @Test func columns() throws {
        let folder = Recordings.root.appendingPathComponent("fixtures/conformance/podstatus")
        var seen = 0
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).sorted(
            by: { $0.path < $1.path }) where file.pathExtension == "json"
        {
            let document = try JSONReader.read(Array(try Data(contentsOf: file))[...])
            for row in document["cases"]?.array ?? [] {
                seen += 1
                try check(row)
            }
        }
        #expect(seen > 60)
    }

    private let now = Time(epochSeconds: 1_800_000_000)

    private func check(_ row: JSONValue) throws {
        let id = row["id"]?.string ?? "?"
        var (pod, _) = try Pod.decode(json: row["pod"] ?? .null)
        func ago(_ value: JSONValue?) -> Time? {
            if case .integer(let seconds)? = value { Time(epochSeconds: now.epochSeconds - seconds) } else { nil }
        }
        pod.metadata.creationTimestamp = ago(row["createdAgoSeconds"])
        if row["deletionTimestampSet"] == .bool(true) { pod.metadata.deletionTimestamp = now }
        for (name, seconds) in row["lastFinishedAgoSeconds"]?.object ?? [:] {
            for index in pod.status.containerStatuses.indices where pod.status.containerStatuses[index].name == name {
                pod.status.containerStatuses[index].lastState?.terminated?.finishedAt = ago(seconds)
            }
            for index in pod.status.initContainerStatuses.indices
            where pod.status.initContainerStatuses[index].name == name {
                pod.status.initContainerStatuses[index].lastState?.terminated?.finishedAt = ago(seconds)
            }
        }
        let table = TableDefinition.of(Pod.resource).table(of: [pod.jsonValue], .init(now: now))
        for (column, cell) in zip(table.columns, table.rows[0].cells) {
            let key = column.name.uppercased().replacing(" ", with: "_")
            guard let wanted = row["expect"]?[key]?.string else { continue }
            #expect(cell.text == wanted, "\(id): \(key)")
        }
    }
}
