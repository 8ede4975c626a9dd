import PromQL

/// `promtool check config` as a pure function.
public enum ConfigurationCheck {
    /// What the command prints, standard output and error in the order of a terminal, and its exit code.
    public struct Output: Sendable, Equatable {
        public var text: String
        /// 0, 1 for a failure, 3 for nothing but lint errors.
        public var exitCode: Int

        public init(text: String, exitCode: Int) {
            self.text = text
            self.exitCode = exitCode
        }
    }

    /// Checks one configuration and the files that it names.
    ///
    /// - Parameters:
    ///   - name: the file's name, as it is printed. Names in it count from its folder.
    ///   - files: the contents of all files by their path, this one among them.
    ///   - syntaxOnly: `--syntax-only`: no other file is looked at.
    ///   - checkRules: what `promtool check rules` says of one file; its text follows that of the configuration.
    public static func run(
        _ name: String, files: [String: String], syntaxOnly: Bool = false,
        checkRules: (_ name: String, _ contents: String) -> Output
    ) -> Output {
        var text = "Checking \(name)\n"
        guard let contents = files[name] else {
            return Output(text: text + "  FAILED: open \(name): no such file or directory\n\n", exitCode: 1)
        }
        let ruleFiles: [String]
        do throws(Problem) {
            ruleFiles = try check(name, contents, files, syntaxOnly)
        } catch {
            return Output(text: text + "  FAILED: " + error.text + "\n\n", exitCode: 1)
        }
        if !ruleFiles.isEmpty { text += "  SUCCESS: \(ruleFiles.count) rule files found\n" }
        text += " SUCCESS: \(name) is valid prometheus config file syntax\n\n"
        var exitCode = 0
        for file in ruleFiles {
            let found = checkRules(file, files[file] ?? "")
            text += found.text
            if exitCode != 1, found.exitCode != 0 { exitCode = found.exitCode }
        }
        return Output(text: text, exitCode: exitCode)
    }

    private struct Problem: Error {
        let text: String

        init(_ text: String) { self.text = text }

        /// Prometheus' text, and in a line of our own where the fault is.
        init(_ prefix: String, _ error: ConfigurationError, in file: String) {
            var text = prefix + error.message
            if let line = error.line {
                text += "\n    at \(file):\(line):\(error.column ?? 1)"
                if !error.field.isEmpty { text += ", \(error.field)" }
            }
            self.text = text
        }
    }

    /// What is known without a cluster goes through relabelling, to see whether targets come of it.
    private static func checkStaticTargets(_ job: ScrapeConfiguration) throws(Problem) {
        for (index, group) in job.discovery.groups(in: DiscoveredObjects()).enumerated()
        where index < job.discovery.statics.count {
            for (place, labels) in group.discovered.enumerated() {
                if case .refused(let reason) = TargetLabels.relabel(TargetLabels.discovered(labels, job), job) {
                    throw Problem("instance \(place) in group \(group.source): \(reason)")
                }
            }
        }
    }

    private static func check(
        _ name: String, _ contents: String, _ files: [String: String], _ syntaxOnly: Bool
    ) throws(Problem) -> [String] {
        let configuration: PrometheusConfiguration
        do throws(ConfigurationError) {
            configuration = try PrometheusConfiguration(contents)
        } catch {
            throw Problem("parsing YAML file \(name): ", error, in: name)
        }
        if syntaxOnly { return [] }
        let paths = files.keys.sorted(by: ByteOrder.less)
        let folder = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
        var ruleFiles: [String] = []
        for pattern in configuration.ruleFiles.map({ $0.hasPrefix("/") ? $0 : folder + $0 }) {
            let found = paths.filter { PathPattern(pattern).matches($0) }
            if found.isEmpty, !pattern.contains("*") {
                throw Problem("\(GoQuote.quote(pattern)) does not point to an existing file")
            }
            ruleFiles += found
        }
        var jobs = configuration.scrapeConfigurations.map { (name: $0.jobName, file: "main config file") }
        for pattern in configuration.scrapeConfigFiles.map({ $0.hasPrefix("/") ? $0 : folder + $0 }) {
            for file in paths where PathPattern(pattern).matches(file) {
                let prefix = "error loading scrape configs: \(GoQuote.quote(file)): "
                do throws(ConfigurationError) {
                    let more = try PrometheusConfiguration.scrapeConfigurations(
                        files[file] ?? "", global: configuration.global)
                    for job in more {
                        if let known = jobs.first(where: { $0.name == job.jobName }) {
                            throw ConfigurationError(
                                message: "found multiple scrape configs with job name "
                                    + "\(GoQuote.quote(job.jobName)), first found in \(known.file)",
                                line: nil, column: nil, field: "")
                        }
                        jobs.append((job.jobName, GoQuote.quote(file)))
                    }
                } catch {
                    throw Problem(prefix, error, in: file)
                }
            }
        }
        for job in configuration.scrapeConfigurations { try checkStaticTargets(job) }
        return ruleFiles
    }
}

/// A pattern of paths as Go's `filepath.Glob` takes it: `*` and `?` match within one folder.
struct PathPattern {
    private let pattern: [Character]

    init(_ text: String) { pattern = Array(text) }

    func matches(_ path: String) -> Bool {
        let text = Array(path)
        var (place, other) = (0, 0)
        var retry: (place: Int, other: Int)?
        while other < text.count {
            if place < pattern.count, pattern[place] == "*" {
                retry = (place + 1, other)
                place += 1
            } else if place < pattern.count,
                pattern[place] == text[other] || (pattern[place] == "?" && text[other] != "/")
            {
                place += 1
                other += 1
            } else if let last = retry, text[last.other] != "/" {
                retry = (last.place, last.other + 1)
                (place, other) = (last.place, last.other + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == "*" }
    }
}
