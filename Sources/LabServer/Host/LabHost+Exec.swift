import Cluster
import ContainerRuntime
import KubernetesAPI
import Lab
import Simulation
import Workloads

/// A command in a container that a client has begun.
struct HostedShell {
    let id: Int
    var shell: ContainerShell
    /// Takes what the command wrote and, at the end, how it ended.
    let give: @Sendable ([ExecOutput], JSONValue?) -> Void
}

/// A request through a forwarded port, on its way.
struct HostedExchange {
    let number: UInt64
    /// Takes the exchange when it has ended; nil if it was forgotten.
    let give: @Sendable (Exchange?) -> Void
}

/// Commands in containers and requests through forwarded ports. They go on as the lab's time does.
extension LabHost {
    /// Commands that may run at once.
    static let shellLimit = 200

    /// Why a command cannot be run there; nil if it can.
    /// - Parameter request: a command that cannot be found is no matter of this check, it is told on the stream.
    func refusal(of request: ExecRequest) -> APIStatus? {
        guard shells.count < Self.shellLimit else {
            return APIStatus(code: 429, reason: "TooManyRequests", message: "too many commands run in containers")
        }
        do { _ = try ContainerShell(request, in: session.world) } catch {
            return error.message.contains("failed to exec in container") ? nil : error
        }
        return nil
    }

    /// Begins a command.
    /// - Returns: its number.
    func begin(_ request: ExecRequest, give: @escaping @Sendable ([ExecOutput], JSONValue?) -> Void) -> Int {
        let id = nextNumber
        nextNumber += 1
        do {
            shells.append(HostedShell(id: id, shell: try ContainerShell(request, in: session.world), give: give))
            runShells()
        } catch {
            give([], ExecEnding.failed(error).status)
        }
        return id
    }

    func provide(_ bytes: [UInt8], to shell: Int) {
        guard let index = shells.firstIndex(where: { $0.id == shell }) else { return }
        shells[index].shell.provide(bytes)
        runShells()
    }

    func closeInput(of shell: Int) {
        guard let index = shells.firstIndex(where: { $0.id == shell }) else { return }
        shells[index].shell.closeInput()
        runShells()
    }

    /// The client is gone: the command ends as if its terminal were closed.
    func end(shell: Int) { shells.removeAll { $0.id == shell } }

    /// Lets every command do what it can at this instant.
    func runShells() {
        guard !shells.isEmpty else { return }
        for index in shells.indices { shells[index].shell.run(on: &session) }
        // What is told was written before.
        guard (try? write()) != nil else { return }
        var ended: [Int] = []
        for index in shells.indices {
            let outputs = shells[index].shell.takeOutput()
            let status = shells[index].shell.ending?.status
            if !outputs.isEmpty || status != nil { shells[index].give(outputs, status) }
            if status != nil { ended.append(shells[index].id) }
        }
        shells.removeAll { ended.contains($0.id) }
    }

    // MARK: Forwarded ports

    /// The pod whose ports are forwarded.
    func forwardTarget(_ request: APIRequest) throws(APIStatus) -> SandboxID {
        try session.world.cluster.authorize(request)
        return try session.world.cluster.forwardTarget(namespace: request.namespace, pod: request.name)
    }

    /// Sends a request to a pod's port, through which it takes the time that it takes there.
    func send(_ path: String, to sandbox: SandboxID, port: Int, give: @escaping @Sendable (Exchange?) -> Void) {
        let number = session.send(ExchangeRequest(target: .pod(sandbox, port: port), path: path, timeout: nil))
        guard (try? write()) != nil else { return give(nil) }
        exchanges.append(HostedExchange(number: number, give: give))
        giveExchanges()
    }

    /// Gives ended exchanges to those who wait for them.
    func giveExchanges() {
        guard !exchanges.isEmpty else { return }
        let world = session.world
        exchanges.removeAll { waiting in
            guard let exchange = world.workloads.exchange(waiting.number) else {
                waiting.give(nil)
                return true
            }
            guard exchange.end != nil else { return false }
            waiting.give(exchange)
            return true
        }
    }
}
