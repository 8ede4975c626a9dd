import Kubectl
import KubernetesAPI
import Lab
import Simulation

/// The search for the cheapest submission that holds, whose cost a criterion compares with.
public struct Calibration: Sendable {
    /// One combination of values.
    public struct Setting: Sendable {
        /// One value a knob, as YAML.
        public var values: [String]
        public var cost: Double
    }

    public var cheapest: Setting?
    /// Cost of the solution pinned at its maximum.
    public var pinned: Double?
    public var tried: Int
    public var holding: Int
    public var seeds: Int
    public var knobs: [String]
    public var reference: String
    /// Values that other variants of the exercise have, in the order of the variants.
    public var variants: [Variant] = []

    /// What another variant's values came to.
    public struct Variant: Sendable {
        /// As `Variant.name` has it, such as `peak=38, burst=7m`.
        public var name: String
        public var cheapest: Double
        public var pinned: Double?
    }

    /// `references.yaml` as it is stored with the exercise.
    public var file: String {
        var lines = ["# Written by 'kubelab author calibrate'; criteria compare with these values.", "values:"]
        if let cheapest { lines.append("  \(reference): \(Figures.rounded(cheapest.cost, 6))") }
        if let pinned { lines.append("  pinned: \(Figures.rounded(pinned, 6))") }
        if !variants.isEmpty { lines.append("variants:") }
        for variant in variants {
            let pinned = variant.pinned.map { ", pinned: \(Figures.rounded($0, 6))" } ?? ""
            lines.append("  \"\(variant.name)\": {\(reference): \(Figures.rounded(variant.cheapest, 6))\(pinned)}")
        }
        lines.append("found:")
        lines.append("  settings: \(tried)")
        lines.append("  holding: \(holding)")
        lines.append("  seeds: \(seeds)")
        if let cheapest {
            lines.append("  cheapest:")
            for (knob, value) in zip(knobs, cheapest.values) {
                lines.append("    - {field: \"\(knob)\", value: \(GoText.quoted(value))}")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Searches the settings that an exercise names.
public struct Calibrator: Sendable {
    public var exercise: Exercise
    public var secret: CourseSecret
    public var seedCount: Int
    public var width: Int?

    public init(exercise: Exercise, secret: CourseSecret = .practice, seedCount: Int = 20, width: Int? = nil) {
        self.exercise = exercise
        self.secret = secret
        self.seedCount = seedCount
        self.width = width
    }

    /// Tries every combination on two seeds, then, from the cheapest that holds there, on all of them.
    /// - Throws: `ConfigurationError` if the exercise names no search.
    public func calibrate(progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }) throws -> Calibration {
        guard let search = exercise.content.search,
            let target = exercise.content.criteria.firstIndex(where: { $0.id == search.minimise })
        else {
            throw ConfigurationError(
                file: exercise.folder + "/exercise.yaml", path: "search", message: "says nothing to search")
        }
        guard case .compare(let measured, _, _, _) = exercise.expressions[target].claim else {
            throw ConfigurationError(
                file: exercise.folder + "/exercise.yaml", path: "search.minimise",
                message: "\(search.minimise) compares no number")
        }
        let (solution, faults) = Submission.read(exercise.folder + "/solution", for: exercise)
        if let fault = faults.first { throw fault }
        let seeds = secret.seeds(exercise: exercise.id, student: "calibrate", attempt: 1, count: max(2, seedCount))
        let few = Array(seeds.prefix(2))
        let settings = Self.combinations(search.knobs)
        let submissions = settings.map { solution.with(search.knobs, $0, in: exercise) }

        /// The cost if everything else holds, and whether it does.
        @Sendable func judge(_ trials: [Trial]) -> (cost: Double, holds: Bool)? {
            guard trials.allSatisfy({ $0.end == .completed }) else { return nil }
            let recordings = trials.map(\.recording)
            guard let cost = CriterionEvaluation(trials: recordings, references: exercise.references).pooled(measured)
            else { return nil }
            let holds = exercise.expressions.indices.allSatisfy { index in
                index == target
                    || exercise.expressions[index].evaluate(recordings, references: exercise.references).holds
            }
            return (cost, holds)
        }
        let quick = Verifier.parallel(settings.count, width: width, progress: progress) { index in
            judge(few.map { Trial.run(exercise, submissions[index], seed: $0) })
        }
        let order = settings.indices.filter { quick[$0]?.holds ?? false }
            .sorted { (quick[$0]?.cost ?? .infinity, $0) < (quick[$1]?.cost ?? .infinity, $1) }
        // What is stored of other variants stays until these are calibrated themselves.
        let stored = exercise.storedReferences?.variants ?? [:]
        let others = exercise.variants.compactMap { variant -> Calibration.Variant? in
            guard let values = stored[variant.name], let cheapest = values[search.reference] else { return nil }
            return Calibration.Variant(name: variant.name, cheapest: cheapest, pinned: values["pinned"])
        }
        var result = Calibration(
            cheapest: nil, pinned: nil, tried: settings.count, holding: order.count, seeds: seeds.count,
            knobs: search.knobs.map { "\($0.object) \($0.path)" }, reference: search.reference, variants: others)
        for index in order {
            let trials = Verifier.parallel(seeds.count, width: width, progress: { _, _ in }) {
                Trial.run(exercise, submissions[index], seed: seeds[$0])
            }
            guard let (cost, holds) = judge(trials), holds else { continue }
            result.cheapest = Calibration.Setting(values: settings[index], cost: cost)
            break
        }
        if let pinned = Mutation.all(of: solution, in: exercise).first(where: {
            $0.name.hasSuffix("pinned at its maximum")
        }) {
            result.pinned = judge(few.map { Trial.run(exercise, pinned.submission, seed: $0) })?.cost
        }
        return result
    }

    /// Calibrates the standard variant and every other one, so that each student is compared with the best answer to
    /// the student's own day.
    /// - Parameter progress: told which variant it is, and how many trials of how many are done.
    /// - Throws: `ConfigurationError` if the exercise names no search, or if nothing holds in a variant.
    public func calibrateVariants(progress: @escaping @Sendable (String, Int, Int) -> Void = { _, _, _ in }) throws
        -> Calibration
    {
        let standard = exercise.variant.name
        var result = try calibrate { progress(standard, $0, $1) }
        guard result.cheapest != nil else { return result }
        result.variants = []
        for variant in exercise.variants where variant != exercise.variant {
            var calibrator = self
            calibrator.exercise = try exercise.inVariant(variant)
            let found = try calibrator.calibrate { progress(variant.name, $0, $1) }
            guard let cheapest = found.cheapest else {
                throw ConfigurationError(
                    file: exercise.folder + "/exercise.yaml", path: "search",
                    message: "no setting holds in the variant \(variant.name)")
            }
            result.variants.append(
                Calibration.Variant(name: variant.name, cheapest: cheapest.cost, pinned: found.pinned))
        }
        return result
    }

    private static func combinations(_ knobs: [SearchDescription.Knob]) -> [[String]] {
        knobs.reduce([[]]) { partial, knob in partial.flatMap { chosen in knob.values.map { chosen + [$0] } } }
    }
}

extension Submission {
    /// The submission with fields set to values that are written as YAML.
    func with(_ knobs: [SearchDescription.Knob], _ values: [String], in exercise: Exercise) -> Submission {
        var changed = self
        for (place, file) in files.enumerated() {
            let objects = ManifestFile(name: file.name, bytes: Array(file.text.utf8))
                .objects(in: exercise.scenario.scenario).objects
            let texts = objects.map { object -> String in
                var value = object.value
                for (knob, text) in zip(knobs, values)
                where knob.object == "\(object.kind.resource.kind)/\(object.name)" {
                    let scalar = (try? YAMLReader.documents(text))?.first?.value ?? .string(text)
                    value = value.setting(FieldStep.steps(knob.path), to: scalar)
                }
                return String(decoding: value.compactBytes, as: UTF8.self) + "\n"
            }
            changed.files[place].text = texts.joined()
        }
        return changed
    }
}
