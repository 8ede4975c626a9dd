import KubernetesAPI
import Testing

@testable import Kubectl

/// Flags as pflag reads them, and its words for what cannot be read.
@Suite struct CommandLineTests {
    static let flags: [Flag] = [
        .namespace, .output, .filename, .allNamespaces, Flag("watch", "w", .bool, ""), Flag("replicas", "", .int, ""),
        Flag("timeout", "", .duration, ""), .dryRun,
    ]

    @Test(arguments: [
        (["-n", "x", "pods"], "x", ["pods"]), (["-nx", "pods"], "x", ["pods"]),
        (["pods", "--namespace=x"], "x", ["pods"]),
        (["--namespace", "x", "pods", "a"], "x", ["pods", "a"]), (["-wn", "x"], "x", []), (["-n=x"], "x", []),
        (["--", "-n", "x"], "", ["-n", "x"]),
    ])
    func namespace(words: [String], namespace: String, rest: [String]) throws {
        let parsed = try ParsedArguments(words, flags: Self.flags)
        #expect(parsed.string("namespace") == namespace)
        #expect(parsed.positional == rest)
    }

    @Test func listsAndOptionalValues() throws {
        let parsed = try ParsedArguments(
            ["-f", "a.yaml,b.yaml", "-fc.yaml", "--dry-run", "x", "-oyaml", "--timeout=1m30s"], flags: Self.flags)
        #expect(parsed.list("filename") == ["a.yaml", "b.yaml", "c.yaml"])
        #expect(parsed.string("dry-run") == "unchanged")
        #expect(parsed.string("output") == "yaml")
        #expect(parsed.duration("timeout") == .seconds(90))
        #expect(parsed.positional == ["x"])
    }

    @Test(arguments: [
        (["--foo"], "unknown flag: --foo"), (["-x"], "unknown shorthand flag: 'x' in -x"),
        (["-wx"], "unknown shorthand flag: 'x' in -wx"),
        (["--namespace"], "flag needs an argument: --namespace"), (["-n"], "flag needs an argument: 'n' in -n"),
        (["--=x"], "bad flag syntax: --=x"),
        (
            ["--replicas=x"],
            "invalid argument \"x\" for \"--replicas\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"
        ),
        (
            ["--watch=2"],
            "invalid argument \"2\" for \"-w, --watch\" flag: strconv.ParseBool: parsing \"2\": invalid syntax"
        ),
        (["--timeout=5x"], "invalid argument \"5x\" for \"--timeout\" flag: time: invalid duration \"5x\""),
    ])
    func refuses(words: [String], message: String) {
        #expect(throws: UsageError(message)) { try ParsedArguments(words, flags: Self.flags) }
    }

    @Test func durations() {
        for (seconds, text) in [
            (0, "0s"), (119, "119s"), (120, "2m"), (219, "3m39s"), (600, "10m"), (10_799, "179m"), (10_800, "3h"),
            (28_799, "7h59m"), (172_799, "47h"),
            (172_800, "2d"), (183_600, "2d3h"), (691_200, "8d"), (63_072_000, "2y"), (66_528_000, "2y40d"),
            (252_288_000, "8y"),
        ] as [(Int64, String)] {
            #expect(HumanDuration.text(seconds: seconds) == text)
        }
        #expect(GoDuration.text(.seconds(3_661)) == "1h1m1s")
        #expect(GoDuration.parse("1h1m1.5s") == .milliseconds(3_661_500))
        #expect(GoDuration.parse("5") == nil)
    }

    @Test func helpAndUnknownCommands() throws {
        var cluster = try FakeCluster()
        #expect(cluster.kubectl("get", "--help").text.contains("Usage:\n  kubectl get "))
        #expect(cluster.kubectl("rollout").text.contains("undo"))
        #expect(
            cluster.kubectl("gett", "pods") == (
                "error: unknown command \"gett\" for \"kubectl\"\n\nDid you mean this?\n\tset\n\tget\n", 1
            ))
        #expect(cluster.kubectl("-n", "x", "get", "pods") == ("No resources found in x namespace.\n", 0))
        #expect(KubectlCommand.access(of: ["get", "pods"]) == .reading)
        #expect(KubectlCommand.access(of: ["-n", "x", "get", "pods", "-w"]) == .writing)
        #expect(KubectlCommand.access(of: ["rollout", "status", "deploy/x"]) == .writing)
        #expect(KubectlCommand.access(of: ["explain", "pods"]) == .none)
        #expect(KubectlCommand.access(of: ["apply", "--help"]) == .none)
    }
}
