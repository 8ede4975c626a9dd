import Lab

/// Proof that an exercise judges fairly in every variant that it allows, and that none is harder than another.
public struct VariantVerification: Sendable {
    /// What the answers of one variant came to.
    public struct Row: Sendable {
        public var variant: String
        /// Answers that do not do their duty, in words; empty if the variant is proved.
        public var faults: [String]
        /// The least that the solution has to spare, as a share of a bound; nil if nothing compares numbers.
        public var solutionSpare: Double?
        /// The criterion in which that is.
        public var tightest: String
        /// Points of the starter.
        public var starter: Double
    }

    public var rows: [Row]
    public var trials: Int

    public var isProved: Bool { rows.allSatisfy(\.faults.isEmpty) }

    /// Of what the solution has to spare: the hardest and the easiest variant; nil if nothing compares numbers.
    public var spread: ClosedRange<Double>? {
        let spare = rows.compactMap(\.solutionSpare)
        guard let least = spare.min(), let most = spare.max() else { return nil }
        return least...most
    }

    /// One line a variant, then the spread of difficulty.
    public var table: [String] {
        var rows = [["VARIANT", "SOLUTION HAS TO SPARE", "IN", "STARTER", "VERDICT"]]
        for row in self.rows {
            rows.append([
                row.variant.isEmpty ? "(the only one)" : row.variant,
                row.solutionSpare.map { Figures.rounded($0 * 100, 0) + "%" } ?? "-", row.tightest,
                Figures.rounded(row.starter, 0), row.faults.isEmpty ? "ok" : "NOT PROVED",
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            row.enumerated().map { column, cell in
                column + 1 == row.count
                    ? cell : cell + String(repeating: " ", count: max(0, widths[column] - cell.count) + 2)
            }.joined()
        }
        let faults = self.rows.flatMap { row in row.faults.map { "\(row.variant): \($0)" } }
        if !faults.isEmpty { lines += [""] + faults }
        if let spread, self.rows.count > 1 {
            lines += [
                "",
                "difficulty: the solution has between \(Figures.rounded(spread.lowerBound * 100, 0))% and \(Figures.rounded(spread.upperBound * 100, 0))% of a bound to spare",
            ]
        }
        lines += [
            "", "\(self.rows.count) variants, \(trials) trials; \(isProved ? "proved" : "\(faults.count) faults")",
        ]
        return lines
    }
}

extension Verifier {
    /// Verifies solution, starter, panel and wrong answers in every variant; mutants are a question of kind, which the
    /// standard variant answers.
    /// - Parameter progress: told how many of how many variants are done.
    /// - Throws: `ConfigurationError` if a variant cannot be read.
    public func verifyVariants(progress: (Int, Int) -> Void = { _, _ in }) throws -> VariantVerification {
        var result = VariantVerification(rows: [], trials: 0)
        let variants = exercise.variants
        for (index, variant) in variants.enumerated() {
            progress(index, variants.count)
            var verifier = self
            verifier.exercise = try exercise.inVariant(variant)
            verifier.includesMutants = false
            let verification = verifier.verify()
            result.trials += verification.trials
            let solution = verification.rows.first { $0.name == "solution" }
            let spare = zip(verification.criteria, solution?.slacks ?? []).compactMap { name, slack in
                slack.map { (name: name, slack: $0) }
            }
            let tightest = spare.min { $0.slack < $1.slack }
            result.rows.append(
                VariantVerification.Row(
                    variant: variant.name,
                    faults: verification.rows.flatMap { row in row.faults.map { "\(row.name): \($0)" } },
                    solutionSpare: tightest?.slack, tightest: tightest?.name ?? "",
                    starter: verification.rows.first { $0.name == "starter" }?.points.upperBound ?? 0))
        }
        return result
    }
}
