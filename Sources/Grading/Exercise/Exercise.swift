import Lab
import Simulation

/// An exercise as its author writes it: a folder with `exercise.yaml`, `scenario.yaml`, `starter/`, `solution/`,
/// `wrong/NAME/` and `panel/NAME/`.
public struct Exercise: Sendable {
    /// `4.3-scale-on-cpu`, the name of its folder.
    public var id: String
    /// The name of the folder above: `4-autoscaling`.
    public var lesson: String
    /// Where it lies.
    public var folder: String
    public var content: ExerciseContent
    public var scenario: ScenarioFile
    /// One expression for each criterion, in order.
    public var expressions: [CriterionExpression]
    /// Numbers that calibration found, by name.
    public var references: [String: Double]
    /// Manifests that a specification or a load test must tell apart, if the exercise asks for one.
    public var sets: [ManifestSet]
    /// SHA-256 over everything that decides a grade.
    public var hash: String
    /// What may differ from student to student, and what is chosen.
    public var parameters: [Parameter] = []
    public var variant = Variant()
    /// The quantities that `content.predictions` ask for, in order.
    var predicted: [TrialQuantity] = []

    public var title: String { content.title }
    public var maximumPoints: Int { content.criteria.reduce(0) { $0 + $1.points } }

    /// Where the line of a field of `exercise.yaml` is found.
    var source: ConfigurationSource
}

/// What `exercise.yaml` says.
public struct ExerciseContent: Sendable, Decodable {
    public var title: String
    /// How long it takes a learner.
    public var minutes: Int
    /// Whether it belongs to the core path of four hours.
    public var core: Bool
    /// Learning outcomes of the course, 1 to 12.
    public var outcomes: [Int]
    /// Symptoms, as the person on call hears them.
    public var situation: String
    /// What is asked and what is given, in words.
    public var task: String
    public var handIn: [HandInFile]
    /// Parts of the hand-in that belong to somebody else.
    public var fixed: [FixedPart]
    public var trial: TrialDescription
    public var criteria: [Criterion]
    public var hints: [String]
    public var debrief: String
    public var wrong: [WrongAnswer]
    /// What `author calibrate` tries.
    public var search: SearchDescription?
    /// Mutants of the solution that get full points, and why that is right.
    public var accepted: [AcceptedMutant]
    /// For exercises that ask for a production specification.
    public var specification: SpecificationDuty?
    /// For exercises whose hand-in says something about the world and changes nothing in it.
    public var telemetry: TelemetryDuty?
    /// What the answers in `panel/` are good for.
    public var panel: [PanelAnswer]
    public var predictions: PredictionsDescription?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case title, minutes, core, outcomes, situation, task, handIn, fixed, trial, criteria, hints, debrief, wrong,
            search, accepted, panel, predictions, parameters, specification, telemetry
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        title = try container.decode(String.self, forKey: .title)
        minutes = try container.decode(Int.self, forKey: .minutes)
        core = try container.decodeIfPresent(Bool.self, forKey: .core) ?? false
        outcomes = try container.decodeIfPresent([Int].self, forKey: .outcomes) ?? []
        situation = try container.decode(String.self, forKey: .situation)
        task = try container.decodeIfPresent(String.self, forKey: .task) ?? ""
        handIn = try container.decode([HandInFile].self, forKey: .handIn)
        fixed = try container.decodeIfPresent([FixedPart].self, forKey: .fixed) ?? []
        trial = try container.decode(TrialDescription.self, forKey: .trial)
        criteria = try container.decode([Criterion].self, forKey: .criteria)
        hints = try container.decodeIfPresent([String].self, forKey: .hints) ?? []
        debrief = try container.decodeIfPresent(String.self, forKey: .debrief) ?? ""
        wrong = try container.decodeIfPresent([WrongAnswer].self, forKey: .wrong) ?? []
        search = try container.decodeIfPresent(SearchDescription.self, forKey: .search)
        accepted = try container.decodeIfPresent([AcceptedMutant].self, forKey: .accepted) ?? []
        panel = try container.decodeIfPresent([PanelAnswer].self, forKey: .panel) ?? []
        predictions = try container.decodeIfPresent(PredictionsDescription.self, forKey: .predictions)
        specification = try container.decodeIfPresent(SpecificationDuty.self, forKey: .specification)
        telemetry = try container.decodeIfPresent(TelemetryDuty.self, forKey: .telemetry)
        try container.require(
            !trial.inputs.isEmpty || trial.candidates != nil || trial.runbook != nil || telemetry != nil, .trial,
            "something of the hand-in must be applied (trial.inputs), or judged otherwise (telemetry)")
        try container.require(!handIn.isEmpty, .handIn, "at least one file is handed in")
        try container.require(!criteria.isEmpty, .criteria, "at least one criterion judges the exercise")
        try container.require(outcomes.allSatisfy((1...12).contains), .outcomes, "outcomes are numbers from 1 to 12")
        try container.require((1...600).contains(minutes), .minutes, "must be between 1 and 600")
    }
}

/// One file that a learner hands in.
public struct HandInFile: Sendable, Decodable {
    /// Path below the learner's folder.
    public var file: String
    /// `Kind/name` of the objects that it may hold; `*` for any name.
    public var objects: [String]
    public var optional: Bool

    enum CodingKeys: String, CodingKey, CaseIterable { case file, objects, optional }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        file = try container.decode(String.self, forKey: .file)
        objects = try container.decode([String].self, forKey: .objects)
        optional = try container.decodeIfPresent(Bool.self, forKey: .optional) ?? false
        let parts = file.split(separator: "/", omittingEmptySubsequences: false)
        try container.require(
            !file.isEmpty && !parts.contains("") && !parts.contains("..") && !parts.contains("."), .file,
            "must be a path below the learner's folder, without . and ..")
        try container.require(
            objects.allSatisfy { $0.split(separator: "/").count == 2 }, .objects,
            "objects are written Kind/name or Kind/*")
    }
}

/// Something in a hand-in that must stay as the starter has it.
public struct FixedPart: Sendable, Decodable {
    /// `Kind/name`.
    public var object: String
    /// A field path; an element of a list by its name: `spec.template.spec.containers[name=daprd]`.
    public var path: String
    /// Whose it is, for the message.
    public var reason: String

    enum CodingKeys: String, CodingKey, CaseIterable { case object, path, reason }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        object = try container.decode(String.self, forKey: .object)
        path = try container.decode(String.self, forKey: .path)
        reason = try container.decode(String.self, forKey: .reason)
    }
}

/// How a submission is tried.
public struct TrialDescription: Sendable, Decodable {
    public var duration: Duration
    /// Seeds that learners know and can look at.
    public var visibleSeeds: [UInt64]
    /// How many further seeds decide a grade.
    public var hiddenSeeds: Int
    public var inputs: [TrialInput]
    /// Set where a load test is handed in instead of manifests.
    public var candidates: CandidatesDescription?
    /// Set where a runbook is handed in.
    public var runbook: RunbookDescription?
    /// Most events of one trial; beyond it the trial ends without a verdict.
    public var events: UInt64
    /// Most replicas that a manifest may ask for.
    public var replicas: Int

    enum CodingKeys: String, CodingKey, CaseIterable {
        case duration, visibleSeeds, hiddenSeeds, inputs, candidates, runbook, events, replicas
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        duration = try container.decode(Duration.self, forKey: .duration)
        visibleSeeds = try container.decodeIfPresent([UInt64].self, forKey: .visibleSeeds) ?? [1]
        hiddenSeeds = try container.decodeIfPresent(Int.self, forKey: .hiddenSeeds) ?? 5
        inputs = try container.decodeIfPresent([TrialInput].self, forKey: .inputs) ?? []
        candidates = try container.decodeIfPresent(CandidatesDescription.self, forKey: .candidates)
        runbook = try container.decodeIfPresent(RunbookDescription.self, forKey: .runbook)
        events = try container.decodeIfPresent(UInt64.self, forKey: .events) ?? 20_000_000
        replicas = try container.decodeIfPresent(Int.self, forKey: .replicas) ?? 200
        try container.require(
            duration > .zero && duration <= .hours(24 * 31), .duration, "must be between 1s and 31 days")
        try container.require(
            !visibleSeeds.isEmpty && visibleSeeds.count <= 20, .visibleSeeds, "between 1 and 20 seeds")
        try container.require((0...50).contains(hiddenSeeds), .hiddenSeeds, "must be between 0 and 50")
        try container.require(
            inputs.allSatisfy { $0.at >= .zero && $0.at < duration }, .inputs,
            "inputs come between 0s and the end of the trial")
    }
}

/// Something that is done to the world during a trial.
public struct TrialInput: Sendable, Decodable {
    public var at: Duration
    /// A hand-in file that is applied as `kubectl apply -f` does; an optional file that is missing is passed over.
    public var apply: String
    /// In words, for the brief: `the pipeline applies the next release`.
    public var note: String

    enum CodingKeys: String, CodingKey, CaseIterable { case at, apply, note }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        at = try container.decodeIfPresent(Duration.self, forKey: .at) ?? .zero
        apply = try container.decode(String.self, forKey: .apply)
        note = try container.decodeIfPresent(String.self, forKey: .note) ?? ""
    }
}

/// One thing that is judged.
public struct Criterion: Sendable, Decodable {
    public var id: String
    public var title: String
    public var points: Int
    /// In the criterion language.
    public var expect: String
    /// The part of the hand-in that answers for it.
    public var field: FieldReference?
    /// Measurements worth looking at when it fails.
    public var graph: [String]
    /// What `why` is asked about when it fails, such as `hpa/gateway`; without it, what the graphs show.
    public var why: [String]

    enum CodingKeys: String, CodingKey, CaseIterable { case id, title, points, expect, field, graph, why }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        title = try container.decode(String.self, forKey: .title)
        points = try container.decode(Int.self, forKey: .points)
        expect = try container.decode(String.self, forKey: .expect)
        field = try container.decodeIfPresent(FieldReference.self, forKey: .field)
        graph = try container.decodeIfPresent([String].self, forKey: .graph) ?? []
        why = try container.decodeIfPresent([String].self, forKey: .why) ?? []
        try container.require((1...1_000).contains(points), .points, "must be between 1 and 1000")
        try container.require(
            !id.isEmpty && id.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }, .id,
            "an id is made of a-z, 0-9 and -")
    }
}

/// A field of an object of the hand-in.
public struct FieldReference: Sendable, Decodable {
    /// `Kind/name`, `*` for any name.
    public var object: String
    public var path: String

    enum CodingKeys: String, CodingKey, CaseIterable { case object, path }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        object = try container.decode(String.self, forKey: .object)
        path = try container.decodeIfPresent(String.self, forKey: .path) ?? ""
    }
}

/// An answer that looks right, and the misconception that it stands for.
public struct WrongAnswer: Sendable, Decodable {
    /// Folder below `wrong/`.
    public var name: String
    public var misconception: String
    /// The criterion that must catch it.
    public var criterion: String

    enum CodingKeys: String, CodingKey, CaseIterable { case name, misconception, criterion }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        misconception = try container.decode(String.self, forKey: .misconception)
        criterion = try container.decode(String.self, forKey: .criterion)
    }
}

/// An orthodox answer, which a learner sees after the pass.
public struct PanelAnswer: Sendable, Decodable {
    /// Folder below `panel/`.
    public var name: String
    /// In one line, why it is good.
    public var why: String

    enum CodingKeys: String, CodingKey, CaseIterable { case name, why }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        why = try container.decode(String.self, forKey: .why)
    }
}

/// A mutant of the solution that is truly fine.
public struct AcceptedMutant: Sendable, Decodable {
    /// As `author verify` prints it; `*` for any run of characters, so that one entry may speak of several files.
    public var name: String
    public var reason: String

    enum CodingKeys: String, CodingKey, CaseIterable { case name, reason }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        reason = try container.decode(String.self, forKey: .reason)
    }
}

/// What `author calibrate` varies to find the cheapest submission that holds.
public struct SearchDescription: Sendable, Decodable {
    /// The quantity to make small, in the criterion language without a comparison's right side: the left side of the
    /// criterion with this id.
    public var minimise: String
    /// The name under which the smallest value is stored.
    public var reference: String
    public var knobs: [Knob]

    /// One field, in every file that holds its object, and the values that are tried.
    public struct Knob: Sendable, Decodable {
        /// `Kind/name`.
        public var object: String
        public var path: String
        /// As YAML scalars.
        public var values: [String]

        enum CodingKeys: String, CodingKey, CaseIterable { case object, path, values }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.strict(CodingKeys.self)
            object = try container.decode(String.self, forKey: .object)
            path = try container.decode(String.self, forKey: .path)
            values = try container.decode([String].self, forKey: .values)
        }
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case minimise, reference, knobs }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        minimise = try container.decode(String.self, forKey: .minimise)
        reference = try container.decode(String.self, forKey: .reference)
        knobs = try container.decode([Knob].self, forKey: .knobs)
    }
}

extension KeyedDecodingContainer {
    /// Refuses a value that decodes but makes no sense.
    func require(_ holds: Bool, _ key: Key, _ message: String) throws {
        guard holds else { throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: message) }
    }
}
