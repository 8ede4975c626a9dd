import Lab

/// A way to write a verdict down.
public enum ReportFormat: String, Sendable, CaseIterable {
    case terminal
    case json
    case junit
    case annotations
    case markdown
    case classroom50
    case gradescope
    case prairielearn
    case exercism
    case ctrf
    case classroom

    /// What it is for, one line.
    public var purpose: String {
        switch self {
        case .terminal: "for people"
        case .json: "everything, for programs"
        case .junit: "JUnit XML, for Jenkins, GitLab and others"
        case .annotations: "GitHub workflow commands, at the line of the hand-in"
        case .markdown: "for $GITHUB_STEP_SUMMARY"
        case .classroom50: "result.json of Classroom 50"
        case .gradescope: "results.json of Gradescope"
        case .prairielearn: "results.json of PrairieLearn"
        case .exercism: "results.json (version 3) of Exercism"
        case .ctrf: "Common Test Report Format"
        case .classroom: "the older GitHub Classroom reporter, Base64"
        }
    }

    /// The report of a verdict.
    public func text(_ verdict: Verdict, style: ReportStyle = ReportStyle()) -> String {
        switch self {
        case .terminal: verdict.terminalReport(style)
        case .json: verdict.jsonReport(style)
        case .junit: verdict.junitReport(style)
        case .annotations: verdict.annotations()
        case .markdown: verdict.markdownReport(style)
        case .classroom50: verdict.classroom50Report(style)
        case .gradescope: verdict.gradescopeReport(style)
        case .prairielearn: verdict.prairieLearnReport()
        case .exercism: verdict.exercismReport()
        case .ctrf: verdict.ctrfReport(style)
        case .classroom: verdict.classroomReport()
        }
    }
}

/// How reports are written.
public struct ReportStyle: Sendable {
    /// Escape codes for colour, on terminals only.
    public var colour = false
    /// Wall time in the report; without it the same verdict gives the same bytes.
    public var wallTime = false
    /// When it was graded, RFC 3339, for formats that want it.
    public var gradedAt = ""
    /// Columns of the terminal.
    public var width = 80
    /// For screen readers: words in place of signs.
    public var plain = false

    public init(
        colour: Bool = false, wallTime: Bool = false, gradedAt: String = "", width: Int = 80, plain: Bool = false
    ) {
        self.colour = colour
        self.plain = plain
        self.wallTime = wallTime
        self.gradedAt = gradedAt
        self.width = width
    }

    enum Paint: String {
        case good = "32"
        case bad = "31"
        case warning = "33"
        case strong = "1"
        case faint = "2"
    }

    func paint(_ paint: Paint, _ text: String) -> String { colour ? "\u{1b}[\(paint.rawValue)m\(text)\u{1b}[0m" : text }
}

extension Verdict {
    /// Points in words: whole where they are whole.
    var pointsText: String { Figures.rounded(points, 2) }

    /// The line that says it all.
    var summary: String {
        switch status {
        case .graded: "\(title): \(pointsText) of \(maximumPoints) points"
        case .ungradable: "\(title): not graded, the submission cannot be tried"
        case .error: "\(title): not graded, through a fault of kubelab"
        }
    }
}
