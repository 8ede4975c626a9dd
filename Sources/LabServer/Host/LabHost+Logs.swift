import KubernetesAPI
import Lab
import Simulation

/// A log that a client follows.
struct HostedLog {
    let id: Int
    /// The whole log of the container.
    let request: APIRequest
    /// Bytes of it that the client has.
    var length: Int
    /// Takes what is new; nil at the end of the log.
    let give: @Sendable ([UInt8]?) -> Void
}

extension LabHost {
    /// Begins to give what is written to a log from now on.
    /// - Returns: its number.
    func follow(_ request: APIRequest, give: @escaping @Sendable ([UInt8]?) -> Void) -> Int {
        var whole = request
        whole.log.tailLines = nil
        whole.log.sinceSeconds = nil
        whole.log.sinceTime = nil
        whole.log.limitBytes = nil
        let id = nextNumber
        nextNumber += 1
        logs.append(HostedLog(id: id, request: whole, length: bytes(of: whole)?.count ?? 0, give: give))
        return id
    }

    func end(log: Int) { logs.removeAll { $0.id == log } }

    /// Gives what was written since the last look. A log ends with its container: one that begins again has a log of its
    /// own.
    func giveLogs() {
        guard !logs.isEmpty else { return }
        var ended: [Int] = []
        for index in logs.indices {
            guard let bytes = bytes(of: logs[index].request), bytes.count >= logs[index].length else {
                logs[index].give(nil)
                ended.append(logs[index].id)
                continue
            }
            guard bytes.count > logs[index].length else { continue }
            logs[index].give(Array(bytes.dropFirst(logs[index].length)))
            logs[index].length = bytes.count
        }
        logs.removeAll { ended.contains($0.id) }
    }

    private func bytes(of whole: APIRequest) -> [UInt8]? {
        guard case .text(let text) = session.respond(to: whole).body else { return nil }
        return Array(text.utf8)
    }
}
