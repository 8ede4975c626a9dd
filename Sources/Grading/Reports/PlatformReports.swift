import KubernetesAPI
import Lab

/// Reports for learning platforms; the fields are those that each platform documents.
extension Verdict {
    /// Classroom 50, `classroom50/result/v1`: whole points; the runner stamps owner and type.
    func classroom50Report(_ style: ReportStyle) -> String {
        let tests = checks.map { check -> JSONValue in
            .object([
                "test-name": .string(check.title), "passed": .bool(check.status == .passed),
                "score": .points(check.points.rounded(.down)),
                "max-score": .integer(Int64(check.maximumPoints)),
                "message": .string(check.status == .ungradable ? faultText : check.message),
            ])
        }
        var members: Members = [
            "schema": .string("classroom50/result/v1"),
            "score": .points(
                min(Double(maximumPoints), checks.reduce(0) { $0 + $1.points.rounded(.down) })),
            "max-score": .integer(Int64(maximumPoints)), "tests": .array(tests),
        ]
        if !style.gradedAt.isEmpty { members["graded_at"] = .string(style.gradedAt) }
        return JSONValue.object(members).report
    }

    /// Gradescope's `results.json`.
    func gradescopeReport(_ style: ReportStyle) -> String {
        let tests = checks.enumerated().map { index, check -> JSONValue in
            .object([
                "score": .points(check.points), "max_score": .integer(Int64(check.maximumPoints)),
                "status": .string(check.status == .passed ? "passed" : "failed"), "name": .string(check.title),
                "number": .string("\(index + 1)"),
                "output": .string(check.status == .ungradable ? faultText : check.explanation),
                "output_format": .string("text"), "visibility": .string("visible"),
            ])
        }
        var members: Members = [
            "score": .points(points), "output": .string(summary + (faults.isEmpty ? "" : "\n" + faultText)),
            "output_format": .string("text"), "visibility": .string("visible"), "stdout_visibility": .string("hidden"),
        ]
        if style.wallTime { members["execution_time"] = .number(Double(wallMilliseconds) / 1_000) }
        members["extra_data"] = .object(["receipt": receipt.json])
        members["tests"] = .array(tests)
        return JSONValue.object(members).report
    }

    /// PrairieLearn's `results.json`; ungradable submissions cost no attempt there.
    func prairieLearnReport() -> String {
        guard status == .graded else {
            return JSONValue.object([
                "gradable": .bool(false), "format_errors": .array(faults.map { .string($0.description) }),
                "message": .string(summary),
            ]).report
        }
        let tests = checks.map { check -> JSONValue in
            .object([
                "name": .string(check.title), "description": .string(check.rule), "points": .points(check.points),
                "max_points": .integer(Int64(check.maximumPoints)), "message": .string(check.message),
                "output": .string(check.explanation),
            ])
        }
        return JSONValue.object([
            "gradable": .bool(true), "score": .number(score), "message": .string(summary), "tests": .array(tests),
        ]).report
    }

    /// Exercism's `results.json`, version 3: messages at most 65,535 characters, output at most 500.
    func exercismReport() -> String {
        let result = status == .graded ? (isPassed ? "pass" : "fail") : "error"
        var members: Members = ["version": .integer(3), "status": .string(result)]
        if status != .graded { members["message"] = .string(String((summary + "\n" + faultText).prefix(65_535))) }
        members["tests"] = .array(
            (status == .graded ? checks : []).enumerated().map { index, check -> JSONValue in
                var test: Members = [
                    "name": .string(check.title), "status": .string(check.status == .passed ? "pass" : "fail"),
                    "test_code": .string(check.rule), "task_id": .integer(Int64(index + 1)),
                ]
                if check.status != .passed {
                    test["message"] = .string(String(check.message.prefix(65_535)))
                    test["output"] = .string(String(check.explanation.prefix(500)))
                }
                return .object(test)
            })
        return JSONValue.object(members).report
    }

    /// Common Test Report Format.
    func ctrfReport(_ style: ReportStyle) -> String {
        let tests = checks.map { check -> JSONValue in
            var test: Members = [
                "name": .string(check.title),
                "status": .string(check.status == .passed ? "passed" : check.status == .failed ? "failed" : "other"),
                "duration": .integer(0), "suite": .array([.string(exercise)]),
            ]
            if check.status != .passed {
                test["message"] = .string(check.status == .ungradable ? faultText : check.message)
            }
            if !check.file.isEmpty {
                test["filePath"] = .string(check.file)
                test["line"] = .integer(Int64(check.line))
            }
            return .object(test)
        }
        func count(_ status: Check.Status) -> JSONValue { .integer(Int64(checks.count { $0.status == status })) }
        return JSONValue.object([
            "reportFormat": .string("CTRF"), "specVersion": .string("0.0.0"),
            "results": .object([
                "tool": .object(["name": .string("kubelab"), "version": .string(receipt.version)]),
                "summary": .object([
                    "tests": .integer(Int64(checks.count)), "passed": count(.passed), "failed": count(.failed),
                    "pending": .integer(0),
                    "skipped": .integer(0), "other": count(.ungradable), "start": .integer(0),
                    "stop": .integer(style.wallTime ? wallMilliseconds : 0),
                ]),
                "tests": .array(tests),
                "environment": .object(["extra": .object(["receipt": receipt.json])]),
            ]),
        ]).report
    }
}
