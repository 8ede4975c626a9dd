import KubernetesAPI
import Simulation

/// What comes from outside and how a world takes it in: the one path that live labs and replays share.
extension World {
    /// Lets time pass up to an input and then does what it says. Its answer, if it has one, is dropped: whoever asked
    /// got it when the input came for the first time.
    /// - Throws: `RunError` if the world cannot get there, `ConfigurationError` for a fault that cannot be read.
    public mutating func perform(_ input: LabInput) throws {
        try advance(to: input.time)
        switch input.action {
        case .advance: break
        case .request(let request): _ = respond(to: request)
        case .fault(let text): inject(try FaultDescription.parse(text, file: "fault", namespace: scenario.namespace))
        case .endFault(let name): endFault(name)
        case .exchange(let request): send(request)
        case .signal(let container, let number): signal(container, number)
        case .alertmanager(let request): _ = askAlertmanager(request)
        case .remoteWrite(let request): _ = receive(request)
        }
    }

    /// Adds a fault to those of the scenario. Its `at` counts from now.
    public mutating func inject(_ fault: FaultDescription) {
        var fault = fault
        fault.at = clock.now - .zero + (fault.at ?? .zero)
        clock.begin(event: clock.takeSequence(), at: clock.now)
        incidents.faults.append(fault)
        incidents.arm(incidents.faults.count - 1, clock: &clock)
    }
}

extension World {
    /// Ends the fault in force that has a name, the one that began last if there are several.
    /// - Returns: false if there is none.
    @discardableResult public mutating func endFault(_ name: String) -> Bool {
        guard let index = incidents.active.keys.sorted().last(where: { incidents.faults[Int($0)].name == name }) else {
            return false
        }
        clock.begin(event: clock.takeSequence(), at: clock.now)
        end(index)
        carry()
        return true
    }
}

extension FaultDescription {
    /// Reads one fault as a scenario would write it.
    /// - Throws: `ConfigurationError` with line and field path.
    public static func parse(_ text: String, file: String, namespace: String) throws -> FaultDescription {
        let documents: [YAMLDocument]
        do { documents = try YAMLReader.documents(text) } catch {
            throw ConfigurationError(file: file, line: error.line ?? 0, message: error.message)
        }
        guard let document = documents.first, documents.count == 1 else {
            throw ConfigurationError(file: file, message: "one fault is expected, found \(documents.count) documents")
        }
        do {
            let fault = try FaultDescription(from: ValueDecoder(document.value))
            if let condition = fault.when { _ = try Condition(parsing: condition, namespace: namespace) }
            return fault
        } catch {
            throw ConfigurationError(error, file: file) { document.line(of: $0) }
        }
    }
}
