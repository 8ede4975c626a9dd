import KubernetesAPI
import Simulation

/// A lab that is open: its world, and the file that remembers how it came about.
///
/// Whatever changes the world from outside is an input. Inputs are committed to the file before anything is answered:
/// a command does its work on the session, calls ``commit()`` and only then prints. Reading is not an input and takes
/// no lock.
public struct LabSession: Sendable {
    public enum Access: Sendable { case reading, writing }

    public private(set) var header: LabStore.Header
    public let scenario: ScenarioFile
    /// The present.
    public internal(set) var world: World
    /// Who sends the inputs: `learner`, `grader`.
    public var author = "learner"
    let store: LabStore
    private let lock: LabLock?
    /// Inputs in the file.
    private(set) var committed: Int
    /// Inputs that the world has seen and the file has not.
    private(set) var pending: [LabInput] = []
    /// Whether the file's newest snapshot is the present.
    private var hasSnapshot: Bool
    /// Why an input in the middle of a watch could not be committed; ``commit()`` throws it.
    var failure: (any Error)?

    /// How long a command waits for another one that works on the same lab.
    public static let patience = 5.0

    /// Begins a lab: a world at time zero in a new file.
    /// - Parameter start: the cluster's wall clock at the beginning, RFC 3339, in place of the scenario's.
    /// - Throws: `LabStoreError` (also if the file exists), `ConfigurationError` for a scenario that makes no world.
    public static func create(
        _ path: String, scenario: ScenarioFile, seed: UInt64, exercise: String = "", student: String = "",
        start: String = ""
    ) throws -> LabSession {
        let scenario = scenario.starting(at: start)
        let world = try scenario.world(seed: seed)
        let header = LabStore.Header(
            seed: seed, scenarioName: scenario.scenario.name, scenario: scenario.text, manifests: scenario.manifests,
            exercise: exercise, student: student, start: start)
        let store = try LabStore.create(path, header: header, world: world.snapshot())
        return LabSession(
            header: header, scenario: scenario, world: world, store: store, lock: try LabLock(path, patience: patience),
            committed: 0,
            hasSnapshot: true)
    }

    /// Opens a lab at its present.
    /// - Parameter replayed: for a file that was made by a program whose worlds behave differently: compute its world
    ///   anew from its inputs. What happened may differ.
    /// - Throws: `LabStoreError`.
    public static func open(_ path: String, for access: Access, replayed: Bool = false) throws -> LabSession {
        let lock = access == .writing ? try LabLock(path, patience: patience) : nil
        let store = try LabStore.open(path, readOnly: access == .reading)
        let header = try store.header()
        guard header.behaviourVersion == LabStore.behaviourVersion || replayed else {
            throw LabStoreError.otherBehaviour(path, found: header.behaviourVersion, known: LabStore.behaviourVersion)
        }
        let scenario: ScenarioFile
        do {
            scenario = ScenarioFile(
                scenario: try ScenarioFile.parse(header.scenario, file: header.scenarioName), text: header.scenario,
                manifests: header.manifests
            ).starting(at: header.start)
        } catch {
            throw LabStoreError.damaged(path, "its scenario cannot be read (\(error))")
        }
        let head = try store.head()
        var replay = try store.replay(
            scenario: scenario, seed: header.seed, inputs: head, notAfter: replayed ? .zero - .seconds(1) : .never)
        let seen = replay.seen
        try replay.finish()
        var session = LabSession(
            header: header, scenario: scenario, world: replay.world, store: store, lock: lock, committed: head,
            hasSnapshot: seen == head && !replayed)
        if replayed, access == .writing {
            try store.adopt(
                behaviour: LabStore.behaviourVersion, world: session.world.snapshot(), head: head,
                time: session.world.now
            )
            session.header.behaviourVersion = LabStore.behaviourVersion
            session.hasSnapshot = true
        }
        return session
    }

    private init(
        header: LabStore.Header, scenario: ScenarioFile, world: World, store: LabStore, lock: LabLock?, committed: Int,
        hasSnapshot: Bool
    ) {
        self.header = header
        self.scenario = scenario
        self.world = world
        self.store = store
        self.lock = lock
        self.committed = committed
        self.hasSnapshot = hasSnapshot
    }

    public var path: String { store.path }
    public var now: SimulationTime { world.now }

    /// All inputs up to the present, oldest first.
    public func inputs() throws -> [LabInput] { try store.inputs(to: committed) + pending }

    // MARK: Inputs

    /// Remembers an input that the world has seen.
    mutating func note(_ action: LabInput.Action) {
        if case .advance = action, case .advance? = pending.last?.action { pending.removeLast() }
        pending.append(LabInput(time: world.now, action: action, author: author))
        hasSnapshot = false
    }

    /// Adds a fault, as a scenario would write it; its `at` counts from now.
    public mutating func inject(_ text: String, file: String) throws {
        let fault = try FaultDescription.parse(text, file: file, namespace: scenario.scenario.namespace)
        world.inject(fault)
        note(.fault(text))
    }

    /// Ends a fault that is in force.
    /// - Returns: false, and no input, if there is none of this name.
    public mutating func endFault(_ name: String) -> Bool {
        guard world.endFault(name) else { return false }
        note(.endFault(name))
        return true
    }

    /// Writes what happened since the last commit, and the world after it, to the file. Only then may a command answer.
    /// - Throws: `LabStoreError`; the file is then as it was.
    public mutating func commit() throws {
        if let failure { throw failure }
        guard !hasSnapshot else { return }
        guard lock != nil else { throw LabStoreError.other(path, "it was opened for reading only") }
        try store.append(pending, after: committed, world: world.snapshot(), time: world.now)
        committed += pending.count
        pending = []
        hasSnapshot = true
    }

    /// Writes the inputs alone, which is cheap; the world after them is computed again should the process die now.
    public mutating func commitInputs() throws {
        guard !pending.isEmpty else { return }
        guard lock != nil else { throw LabStoreError.other(path, "it was opened for reading only") }
        try store.append(pending, after: committed, world: nil, time: world.now)
        committed += pending.count
        pending = []
    }

    /// Forgets what has not been committed.
    public mutating func revert() throws {
        pending = []
        failure = nil
        var replay = try store.replay(scenario: scenario, seed: header.seed, inputs: committed)
        hasSnapshot = replay.seen == committed
        try replay.finish()
        world = replay.world
    }

    // MARK: Past

    /// The lab's past from the latest snapshot that is not later than an instant.
    public func replay(from time: SimulationTime) throws -> Replay {
        try store.replay(scenario: scenario, seed: header.seed, inputs: committed, notAfter: time)
    }

    /// Goes back: the present is now at `time`, and what came after it is gone.
    public mutating func rewind(to time: SimulationTime) throws {
        guard lock != nil else { throw LabStoreError.other(path, "it was opened for reading only") }
        var replay = try replay(from: time)
        try replay.advance(to: time)
        let cut =
            try store.inputs(from: replay.seen, to: committed).isEmpty && replay.world.now == world.now
            ? [] : [LabInput(time: time, action: .advance, author: author)]
        try store.rewind(keeping: replay.seen, then: cut, world: replay.world.snapshot(), time: time)
        world = replay.world
        committed = replay.seen + cut.count
        pending = []
        hasSnapshot = true
    }

    /// Begins anew: the world at time zero, without any input.
    public mutating func reset() throws {
        guard lock != nil else { throw LabStoreError.other(path, "it was opened for reading only") }
        let fresh = try scenario.world(seed: header.seed)
        try store.rewind(keeping: 0, then: [], world: fresh.snapshot(), time: .zero)
        world = fresh
        committed = 0
        pending = []
        failure = nil
        hasSnapshot = true
    }

    /// Copies the lab into a new file.
    public func fork(to path: String) throws { try store.copy(to: path) }
}
