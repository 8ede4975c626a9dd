import ContainerRuntime
import Kubectl
import KubernetesAPI
import Simulation
import Testing
import Workloads

@testable import Lab

/// Commands in simulated containers: what they see, how long they take, what they change.
@Suite struct ContainerShellTests {
    static let scenario = """
        name: shell
        namespace: shop
        nodes: [{name: n1, cpu: "4", memory: 8Gi}]
        workloads:
          images:
            web:
              service: {workers: 1, stages: [{wait: 0.25}]}
              startup: {importing: 0.2, loading: 0.2, warmUp: 0}
              port: 8000
              health: [{path: /readyz, check: ready}]
            idle: {}
        """

    static let manifests = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: conf}
        data: {app.yaml: "level: debug\\n", MODE: fast}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: key}
        stringData: {token: s3cret}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: front}
        spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8000}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: empty}
        spec: {selector: {app: nobody}, ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web, labels: {app: web}}
        spec:
          containers:
          - name: web
            image: web:1
            command: [python, -m, app]
            resources: {limits: {cpu: 500m, memory: 256Mi}}
            readinessProbe: {httpGet: {path: /readyz, port: 8000}, periodSeconds: 1}
            env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}, {name: GREETING, value: "hello $(NODE)"}]
            envFrom: [{configMapRef: {name: conf}}]
            volumeMounts: [{name: conf, mountPath: /etc/app}, {name: key, mountPath: /etc/key/, readOnly: true}, {name: pod, mountPath: /etc/pod}]
          volumes:
          - {name: conf, configMap: {name: conf, items: [{key: app.yaml, path: config/app.yaml}]}}
          - {name: key, secret: {secretName: key, defaultMode: 256}}
          - {name: pod, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two}
        spec: {containers: [{name: a, image: "idle:1", securityContext: {runAsUser: 1000}}, {name: b, image: "idle:1"}]}
        """

    static func world() throws -> World {
        var world = try World.make(scenario, manifests: manifests)
        try world.advance(to: .zero + .seconds(20))
        return world
    }

    struct Outcome: Equatable {
        var output = ""
        var error = ""
        var ending: ExecEnding
        var code: Int32? { if case .exited(let code) = ending { code } else { nil } }
    }

    static func run(
        _ command: [String], pod: String = "web", container: String = "", input: [UInt8]? = nil,
        on host: inout some SimulatedEndpoint
    ) -> Outcome {
        var outcome = Outcome(ending: .exited(-1))
        outcome.ending = host.execute(
            ExecRequest(
                namespace: "shop", pod: pod, container: container, command: command, takesInput: input != nil),
            input: input
        ) { output in
            guard let output else { return true }
            let text = String(decoding: output.bytes, as: UTF8.self)
            if output.stream == .output { outcome.output += text } else { outcome.error += text }
            return true
        }
        return outcome
    }

    static func sh(_ script: String, on world: inout World) -> Outcome { run(["sh", "-c", script], on: &world) }

    // MARK: The shell

    /// Scripts with what a real shell prints for them, and its exit code.
    @Test(arguments: [
        ("echo out; echo err >&2; exit 3", "out\n", "err\n", 3),
        ("echo 'a  b' \"c  d\" e   f", "a  b c  d e f\n", "", 0),
        ("true && echo yes || echo no", "yes\n", "", 0), ("false && echo yes || echo no", "no\n", "", 0),
        ("false; echo $?", "1\n", "", 0), ("X=1; Y=$X$X; echo ${Y}3 ${Z:-none}", "113 none\n", "", 0),
        ("X='a  b'; echo $X \"$X\"", "a b a  b\n", "", 0), ("foo", "", "sh: 1: foo: not found\n", 127),
        ("foo; echo after", "after\n", "sh: 1: foo: not found\n", 0),
        ("for i in 1 2 3; do echo $i; done", "1\n2\n3\n", "", 0),
        ("if test -d /etc/app; then echo there; else echo not; fi", "there\n", "", 0),
        ("if false; then echo a; elif true; then echo b; fi", "b\n", "", 0),
        ("! true; echo $?", "1\n", "", 0), ("sh -c 'exit 4'; echo $?", "4\n", "", 0),
        ("echo x > /dev/null 2>&1; echo y 1>&2", "", "y\n", 0),
        ("cd /etc && pwd; cd /nowhere", "/etc\n", "sh: 1: cd: can't cd to /nowhere\n", 2),
        ("export A=1; sh -c 'echo $A'; B=2 sh -c 'echo $B'; echo [$B]", "1\n2\n[]\n", "", 0),
        ("echo hello &&", "", "sh: 1: Syntax error: end of file unexpected\n", 2),
        ("echo 'open", "", "sh: 1: Syntax error: Unterminated quoted string\n", 2),
        ("echo hi > /tmp/file", "", "sh: 1: cannot create /tmp/file: Read-only file system\n", 2),
        ("[ 3 -gt 2 ] && [ a = a ] && [ ! -f /no ] && echo ok", "ok\n", "", 0),
        ("i=0; until [ $i = aa ]; do i=aa; done; echo $i", "aa\n", "", 0),
        ("# nothing\n\necho \\\n  joined", "joined\n", "", 0),
    ])
    func aScriptDoesWhatARealShellDoes(script: String, output: String, error: String, code: Int32) throws {
        var world = try Self.world()
        let outcome = Self.sh(script, on: &world)
        #expect(outcome.output == output)
        #expect(outcome.error == error)
        #expect(outcome.code == code)
    }

    @Test func loopsTakeTimeAndEnd() throws {
        var world = try Self.world()
        let before = world.now
        var ticks = 0
        let ending = world.execute(
            ExecRequest(namespace: "shop", pod: "web", command: ["sh", "-c", "while true; do :; done"]), input: nil
        ) { _ in
            ticks += 1
            return ticks < 100
        }
        #expect(ending == .exited(130))
        #expect(world.now > before)
    }

    @Test func aShellReadsItsCommands() throws {
        var world = try Self.world()
        let outcome = Self.run(["sh"], input: Array("X=5\necho $X\nfalse\n".utf8), on: &world)
        #expect(outcome == Outcome(output: "5\n", ending: .exited(1)))
        let copied = Self.run(["cat"], input: Array("through\n".utf8), on: &world)
        #expect(copied == Outcome(output: "through\n", ending: .exited(0)))
    }

    @Test func aTerminalEchoesAndCanBeInterrupted() throws {
        var world = try Self.world()
        var shell = try ContainerShell(
            ExecRequest(namespace: "shop", pod: "web", command: ["sh"], takesInput: true, hasTerminal: true), in: world)
        shell.run(on: &world)
        #expect(shell.waitsForInput)
        shell.provide(Array("echo hx\u{7f}i\r".utf8))
        shell.run(on: &world)
        shell.provide(Array("sleep 100\r".utf8))
        shell.run(on: &world)
        #expect(shell.wakes == world.now + .seconds(100) && !shell.waitsForInput)
        shell.provide([3])
        shell.run(on: &world)
        shell.provide([4])
        shell.run(on: &world)
        let text = shell.takeOutput().map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
        #expect(text == "# echo hx\u{8} \u{8}i\r\nhi\r\n# sleep 100\r\n^C\r\n# ")
        #expect(shell.ending == .exited(130))
    }

    // MARK: Surroundings

    @Test func whatTheKubeletMountsAndSetsIsThere() throws {
        var world = try Self.world()
        let env = Self.run(["env"], on: &world).output.split(separator: "\n").map(String.init)
        for line in [
            "HOSTNAME=web", "NODE=n1", "GREETING=hello n1", "MODE=fast", "FRONT_SERVICE_PORT_HTTP=80", "HOME=/root",
        ] {
            #expect(env.contains(line), "\(line) in \(env)")
        }
        #expect(env.contains { $0.hasPrefix("FRONT_PORT=tcp://10.96.") })
        #expect(Self.run(["cat", "/etc/app/config/app.yaml"], on: &world).output == "level: debug\n")
        #expect(Self.run(["cat", "/etc/key/token"], on: &world).output == "s3cret")
        #expect(Self.run(["cat", "/etc/pod/labels"], on: &world).output.hasPrefix("app=\"web\"\ntopology"))
        #expect(Self.run(["cat", "/etc/hostname"], on: &world).output == "web\n")
        #expect(Self.run(["cat", "/etc/resolv.conf"], on: &world).output.hasPrefix("search shop.svc.cluster.local "))
        #expect(Self.run(["ls", "/etc/app"], on: &world).output == "config\n")
        #expect(Self.run(["ls", "-l", "/etc/key"], on: &world).output == "-r-------- 1 root root 6 token\n")
        #expect(Self.run(["cat", "/sys/fs/cgroup/cpu.max"], on: &world).output == "50000 100000\n")
        #expect(Self.run(["cat", "/sys/fs/cgroup/memory.max"], on: &world).output == "268435456\n")
        #expect(Self.run(["cat", "/proc/1/cmdline"], on: &world).output == "python\0-m\0app\0")
        #expect(Self.run(["ps"], on: &world).output.contains("      1 ?"))
        let folder = "/var/run/secrets/kubernetes.io/serviceaccount"
        #expect(Self.run(["ls", folder], on: &world).output == "ca.crt\nnamespace\ntoken\n")
        let token = Self.run(["cat", folder + "/token"], on: &world).output
        let user = world.cluster.user(ofToken: token, at: world.wallTime)
        #expect(user?.name == "system:serviceaccount:shop:default")
        #expect(world.cluster.user(ofToken: token + "x", at: world.wallTime) == nil)
        let missing = Self.run(["cat", "/etc/nothing", "/etc"], on: &world)
        #expect(missing.error == "cat: /etc/nothing: No such file or directory\ncat: /etc: Is a directory\n")
        #expect(missing.code == 1)
        #expect(Self.run(["id", "-u"], pod: "two", container: "a", on: &world).output == "1000\n")
    }

    @Test func whatCannotBeRunIsRefusedInContainerdsWords() throws {
        var world = try Self.world()
        guard case .failed(let status) = Self.run(["vim", "x"], on: &world).ending else {
            return #expect(Bool(false), "vim is not there")
        }
        #expect(status.code == 500)
        #expect(
            status.message.hasSuffix(
                "OCI runtime exec failed: exec failed: unable to start container process: exec: \"vim\": executable file not found in $PATH: unknown"
            ))
        #expect(
            Self.run(["ls"], pod: "nobody", on: &world).ending
                == .failed(APIStatus.notFound(Pod.resource, "nobody")))
        #expect(
            Self.run(["ls"], pod: "two", on: &world).ending
                == .failed(.badRequest("a container name must be specified for pod two, choose one of: [a b]")))
        #expect(
            Self.run(["ls"], pod: "two", container: "c", on: &world).ending
                == .failed(.badRequest("container c is not valid for pod two")))
    }

    // MARK: Requests

    @Test func curlTakesTheTimeOfTheService() throws {
        var world = try Self.world()
        let before = world.now
        let outcome = Self.run(["curl", "-s", "-w", "%{http_code} %{time_total}\\n", "http://front/ask"], on: &world)
        #expect(outcome.code == 0 && outcome.error.isEmpty)
        #expect(outcome.output == "web: 200 OK after 250 ms\n200 0.250000\n")
        #expect(world.now == before + .milliseconds(250))
        // The path that answers probes answers as it does to them, past the stages of a request.
        let health = Self.sh(
            "curl -s http://front.shop.svc.cluster.local/readyz; wget -qO- localhost:8000/readyz", on: &world)
        #expect(health.output == "web: 200 OK after 0 ms\nweb: 200 OK after 0 ms\n")
        let limited = Self.run(["curl", "-m", "0.1", "front"], on: &world)
        #expect(limited.error == "curl: (28) Operation timed out after 100 milliseconds with 0 bytes received\n")
        #expect(limited.code == 28)
        #expect(world.audit().isEmpty)
    }

    /// What fails, with curl's text and code.
    @Test(arguments: [
        ("http://nowhere/", "curl: (6) Could not resolve host: nowhere\n", 6),
        ("http://empty/", "curl: (7) Failed to connect to empty port 80 after 1 ms: Couldn't connect to server\n", 7),
        ("localhost:9", "curl: (7) Failed to connect to localhost port 9 after 1 ms: Couldn't connect to server\n", 7),
        (
            "http://front:81/",
            "curl: (28) Failed to connect to front port 81 after 134000 ms: Couldn't connect to server\n",
            28
        ), ("ftp://web/", "curl: (3) URL rejected: Malformed input to a URL function\n", 3),
    ])
    func curlSaysWhatWentWrong(url: String, error: String, code: Int32) throws {
        var world = try Self.world()
        let outcome = Self.run(["curl", url], on: &world)
        #expect(outcome == Outcome(output: "", error: error, ending: .exited(code)))
    }

    @Test func aRequestOutlivesASnapshot() throws {
        var world = try Self.world()
        let number = world.send(
            ExchangeRequest(target: .service("shop/front:80"), path: "/ask", timeout: .seconds(5)))
        try world.advance(to: world.now + .milliseconds(100))
        #expect(world.workloads.exchange(number)?.end == nil)
        var restored = try World(decoding: world.encode(), scenario: world.scenario)
        try world.advance(to: world.now + .seconds(1))
        try restored.advance(to: restored.now + .seconds(1))
        #expect(restored.workloads.exchange(number) == world.workloads.exchange(number))
        #expect(restored.workloads.exchange(number)?.end?.how == .answered(status: 200))
        #expect(restored.stateDigest == world.stateDigest)
    }

    // MARK: Signals

    @Test func aSignalToTheFirstProcessRestartsTheContainer() throws {
        var world = try Self.world()
        func restarts() -> Int32 {
            world.cluster.context.store.pods.named("shop/web")?.status.containerStatuses.first?.restartCount ?? -1
        }
        #expect(Self.sh("kill -9 1; echo still here", on: &world).output == "still here\n")
        try world.advance(to: world.now + .seconds(5))
        #expect(restarts() == 0, "SIGKILL from inside does not reach process 1")
        let outcome = Self.sh("kill 1; sleep 60; echo never", on: &world)
        #expect(outcome.output.isEmpty && outcome.code == 137, "the shell dies with its container: \(outcome)")
        try world.advance(to: world.now + .seconds(30))
        #expect(restarts() == 1)
        #expect(Self.run(["kill", "99"], on: &world).error == "kill: (99) - No such process\n")
        #expect(world.audit().isEmpty)
    }

    // MARK: Labs

    @Test func whatCommandsChangeIsReplayed() throws {
        let rig = try StoreRig()
        try rig.createUsed()
        var session = try rig.open(.writing)
        let pod = try #require(
            session.world.cluster.context.store.pods.sorted.first?.object.metadata.name)
        let first = Self.run(["curl", "-s", "web"], pod: pod, on: &session)
        #expect(first.code == 0)
        let loop = Self.run(
            ["sh", "-c", "for i in 1 2 3; do curl -s -o /dev/null web && sleep 0.3; done; kill 1"], pod: pod,
            on: &session)
        #expect(loop.code == 0)
        _ = try session.advance(to: session.now + .seconds(30))
        try session.commit()
        #expect(session.world.stateDigest == (try session.replayedDigest()))
        #expect(try rig.open().world.stateDigest == session.world.stateDigest)
        let actions = try session.inputs().map(\.action)
        #expect(actions.count { if case .exchange = $0 { true } else { false } } == 4)
        #expect(actions.count { if case .signal = $0 { true } else { false } } == 1)
    }

    @Test func readingInAContainerIsNoInput() throws {
        let rig = try StoreRig()
        try rig.createUsed()
        var session = try rig.open(.writing)
        let digest = session.world.stateDigest
        let pod = try #require(session.world.cluster.context.store.pods.sorted.first?.object.metadata.name)
        #expect(Self.run(["sh", "-c", "env; ls /; cat /etc/hosts; ps"], pod: pod, on: &session).code == 0)
        #expect(session.world.stateDigest == digest)
        #expect(try session.inputs().count == 2)
    }

    // MARK: kubectl

    @Test(arguments: [
        ("exec web -- sh -c exit_3", "sh: 1: exit_3: not found\ncommand terminated with exit code 127\n", 127),
        ("exec web -- echo hello", "hello\n", 0), ("exec pod/web -c web -- hostname", "web\n", 0),
        ("exec two -- hostname", "Defaulted container \"a\" out of: a, b\ntwo\n", 0),
        ("exec nobody -- ls", "Error from server (NotFound): pods \"nobody\" not found\n", 1),
        ("exec two -c z -- ls", "Error from server (BadRequest): container z is not valid for pod two\n", 1),
        (
            "exec web ls",
            "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples\n",
            1
        ),
    ])
    func kubectlExecPrintsAndEndsAsKubectl(line: String, text: String, code: Int32) throws {
        var world = try Self.world()
        let outcome = KubectlPlayTests.kubectl(line, on: &world)
        #expect(outcome.text == text)
        #expect(outcome.code == code)
    }

    // MARK: Hostile input

    @Test func noScriptCrashesTheShell() throws {
        var world = try Self.world()
        var random = RandomStream(seed: 7, name: "scripts")
        let pieces = [
            "if", "then", "fi", "while", "do", "done", "for", "in", "{", "}", "!", ";", "\n", "&&", "||", "'", "\"",
            "\\",
            "$", "${", "}", "$(", "`", ">", "2>&1", ">&", "<", "echo", "a=b", "exit", "cd", "sh -c", "\u{0}", "é",
            "kill -",
            "curl -", "http://[::", "test", "[", "]", "sleep -1", "$@", "99999999999999999999",
        ]
        for _ in 0..<3_000 {
            let count = Int(random.below(12)) + 1
            let script = (0..<count).map { _ in pieces[Int(random.below(UInt64(pieces.count)))] }
                .joined(separator: random.below(3) == 0 ? "" : " ")
            guard let program = try? ShellParser.program(script) else { continue }
            #expect(program.count <= 100)
        }
        for deep in [
            String(repeating: "! ", count: 100_000), String(repeating: "{ ", count: 100_000),
            String(repeating: "if true; then ", count: 100_000), String(repeating: "sh -c ", count: 10_000),
            String(repeating: "if false; then :; el", count: 50_000),
        ] {
            let outcome = Self.sh(deep, on: &world)
            #expect(outcome.code == 2 || outcome.code == 127 || outcome.code == 0)
        }
    }

    @Test func outputIsBounded() throws {
        var world = try Self.world()
        var shell = try ContainerShell(
            ExecRequest(
                namespace: "shop", pod: "web",
                command: ["sh", "-c", "while true; do echo \(String(repeating: "x", count: 60_000)); done"]), in: world)
        for _ in 0..<50 { shell.run(on: &world) }
        let size = shell.takeOutput().reduce(0) { $0 + $1.bytes.count }
        #expect(size >= 1 << 20 && size < (1 << 20) + 100_000)
    }
}
