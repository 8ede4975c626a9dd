import ContainerRuntime
import Simulation

extension Process {
    /// A process at its first instant: what the image does, changed by what the manifest says.
    init(
        _ id: ContainerID, _ configuration: ContainerConfiguration, program index: Int, _ program: Catalogue.Program,
        now: SimulationTime
    ) {
        self.id = id
        sandbox = configuration.sandbox
        node = configuration.node.index
        behaviour = UInt32(index)
        phase = .starting
        started = now
        cpu = CPUAccount(
            limitMilli: configuration.resources.cpuLimitMilli, requestMilli: configuration.resources.cpuRequestMilli,
            now: now)
        memoryLimit = configuration.resources.memoryLimitBytes ?? .max
        memoryRequest = configuration.resources.memoryRequestBytes
        oomScoreAdjustment = Int32(clamping: configuration.oomScoreAdjustment)
        workers = program.workers
        let options = ServerOptions(configuration)
        port = Int32(clamping: options.port ?? program.behaviour.port ?? 0)
        gracefulTimeout = options.gracefulTimeout ?? program.behaviour.shutdown.gracefulTimeout
        swallowsSignals = program.behaviour.shutdown.ignoresSignal || options.runsUnderShell
        if case .service(let service) = program.behaviour.program {
            workers = Int32(clamping: max(1, options.workers ?? service.workers))
            slots = service.slots.map { Int32(clamping: max(1, $0)) } ?? .max
            limit = (options.limitConcurrency ?? service.limitConcurrency).map { Int32(clamping: max(1, $0)) } ?? .max
            backlog = Int32(clamping: max(1, service.backlog))
        }
        workers = min(workers, Self.mostWorkers)
    }

    /// No machine of ours has memory for more; a manifest that asks for millions must not cost the world its memory.
    private static let mostWorkers: Int32 = 1_024
}

/// What a manifest can say to the server in an image: uvicorn's own options, as arguments or as environment
/// (`WEB_CONCURRENCY`; click maps `UVICORN_…` to every option).
struct ServerOptions: Equatable {
    var workers: Int?
    var limitConcurrency: Int?
    var gracefulTimeout: Duration?
    var port: Int?
    /// vLLM's options.
    var maximumSequences: Int?
    var batchedTokens: Int?
    var schedulingPolicy: EngineConfiguration.SchedulingPolicy?
    /// A shell is process 1. It has no handler for SIGTERM and, as process 1, no default action either; what it
    /// started never hears of the signal. `exec` replaces the shell and heals that.
    var runsUnderShell = false

    init(_ configuration: ContainerConfiguration) {
        for (name, value) in configuration.environment {
            switch name {
            case "WEB_CONCURRENCY", "UVICORN_WORKERS": workers = Int(value) ?? workers
            case "UVICORN_LIMIT_CONCURRENCY": limitConcurrency = Int(value) ?? limitConcurrency
            case "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN":
                gracefulTimeout = Int64(value).map { .seconds($0) } ?? gracefulTimeout
            case "UVICORN_PORT": port = Int(value) ?? port
            default: break
            }
        }
        var words = configuration.command + configuration.arguments
        if words.count >= 3,
            ["sh", "bash", "ash", "dash"].contains(words[0].split(separator: "/").last.map(String.init)),
            words[1] == "-c"
        {
            let script = words[2].split(whereSeparator: \.isWhitespace).map(String.init)
            runsUnderShell = !script.contains("exec")
            words = script
        }
        for (index, word) in words.enumerated() {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            let value = parts.count == 2 ? parts[1] : (index + 1 < words.count ? words[index + 1] : "")
            switch parts.first {
            case "--workers": workers = Int(value) ?? workers
            case "--limit-concurrency": limitConcurrency = Int(value) ?? limitConcurrency
            case "--timeout-graceful-shutdown": gracefulTimeout = Int64(value).map { .seconds($0) } ?? gracefulTimeout
            case "--port": port = Int(value) ?? port
            case "--max-num-seqs": maximumSequences = Int(value) ?? maximumSequences
            case "--max-num-batched-tokens": batchedTokens = Int(value) ?? batchedTokens
            case "--scheduling-policy":
                schedulingPolicy = EngineConfiguration.SchedulingPolicy(rawValue: value) ?? schedulingPolicy
            default: break
            }
        }
    }
}
