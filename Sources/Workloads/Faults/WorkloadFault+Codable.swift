import Simulation

/// In a scenario a fault is one key and what belongs to it: `provider: {name: hosted, condition: {errorRate: 0.5}}`.
extension WorkloadFault: Codable {
    private enum Kind: String, CodingKey, CaseIterable {
        case provider, tool, traffic, retries, image, deadlock, block, crash, memory
    }

    private struct Named<Value: Codable>: Codable {
        var name: String
        var condition: Value
    }

    private struct Traffic: Codable {
        var name: String
        var multiplier: Double
    }

    private struct Retries: Codable {
        var name: String
        var policy: RetryPolicy
    }

    private struct Block: Codable {
        var target: FaultTarget
        var duration: Duration
    }

    private struct Crash: Codable {
        var target: FaultTarget
        var exitCode: Int
    }

    private struct Memory: Codable {
        var target: FaultTarget
        var bytes: Int64
        var over: Duration?
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: Kind.self)
        guard let kind = container.allKeys.first, container.allKeys.count == 1 else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "a fault has one key of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
            )
        }
        switch kind {
        case .provider:
            let value = try container.decode(Named<ProviderCondition>.self, forKey: kind)
            self = .provider(value.name, value.condition)
        case .tool:
            let value = try container.decode(Named<ToolCondition>.self, forKey: kind)
            self = .tool(value.name, value.condition)
        case .traffic:
            let value = try container.decode(Traffic.self, forKey: kind)
            self = .traffic(value.name, multiplier: value.multiplier)
        case .retries:
            let value = try container.decode(Retries.self, forKey: kind)
            self = .retries(value.name, value.policy)
        case .image:
            let value = try container.decode(Named<ImageCondition>.self, forKey: kind)
            self = .image(value.name, value.condition)
        case .deadlock:
            self = .deadlock(try container.decode(FaultTarget.self, forKey: kind))
        case .block:
            let value = try container.decode(Block.self, forKey: kind)
            self = .block(value.target, value.duration)
        case .crash:
            let value = try container.decode(Crash.self, forKey: kind)
            self = .crash(value.target, exitCode: value.exitCode)
        case .memory:
            let value = try container.decode(Memory.self, forKey: kind)
            self = .memory(value.target, bytes: value.bytes, over: value.over ?? .zero)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Kind.self)
        switch self {
        case .provider(let name, let condition):
            try container.encode(Named(name: name, condition: condition), forKey: .provider)
        case .tool(let name, let condition):
            try container.encode(Named(name: name, condition: condition), forKey: .tool)
        case .traffic(let name, let multiplier):
            try container.encode(Traffic(name: name, multiplier: multiplier), forKey: .traffic)
        case .retries(let name, let policy): try container.encode(Retries(name: name, policy: policy), forKey: .retries)
        case .image(let name, let condition):
            try container.encode(Named(name: name, condition: condition), forKey: .image)
        case .deadlock(let target): try container.encode(target, forKey: .deadlock)
        case .block(let target, let duration):
            try container.encode(Block(target: target, duration: duration), forKey: .block)
        case .crash(let target, let code): try container.encode(Crash(target: target, exitCode: code), forKey: .crash)
        case .memory(let target, let bytes, let span):
            let value = Memory(target: target, bytes: bytes, over: span > .zero ? span : nil)
            try container.encode(value, forKey: .memory)
        }
    }
}
