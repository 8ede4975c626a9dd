import Foundation
import Testing

/// The recorded kubectl session (`fixtures/kubectl`): what was typed, what was printed, and what of that counts.
///
/// Two suites play it: the lab's own kubectl in a world, and the real kubectl against a served lab (which has this file
/// by a symbolic link).
enum RecordedSession {
    /// One thing that the session did.
    enum Step {
        /// A command whose recording is kept, with its number.
        case recorded(String, String)
        /// A command that was left out of the recordings.
        case silent(String)
        /// A machine stops, as the session stopped one; written as a scenario writes a fault.
        case fault(String)
        /// Simulated time passes.
        case pass(Double)
    }

    static let scenario = """
        name: recorded
        start: "2026-11-23T09:26:49Z"
        namespace: shop
        controlPlane:
          horizontalPodAutoscalerSyncPeriod: 5s
          horizontalPodAutoscalerDownscaleStabilization: 20s
          horizontalPodAutoscalerInitialReadinessDelay: 5s
          horizontalPodAutoscalerCPUInitializationPeriod: 10s
        nodes:
          - {name: n1, cpu: "4", memory: 8Gi, zone: zone-a, price: 0, reserved: {cpu: 200m, memory: 924Mi, ephemeral-storage: 5Gi}}
          - {name: n2, cpu: "4", memory: 8Gi, zone: zone-b, price: 0, reserved: {cpu: 200m, memory: 924Mi, ephemeral-storage: 5Gi}}
          - {name: n3, cpu: "4", memory: 8Gi, zone: zone-c, price: 0, reserved: {cpu: 200m, memory: 924Mi, ephemeral-storage: 5Gi}}
        registry:
          missing: ["nginx:doesnotexist"]
        workloads:
          images:
            nginx: {service: {stages: [{compute: 0.001}]}, port: 8080, health: [{path: /healthz, check: ready}], startup: {importing: 0.5, loading: 1}}
            crash: {crash: {after: 2, exitCode: 1}}
            batch: {batch: {stages: [{wait: 3}]}}
            fail: {batch: {stages: [{wait: 1}], failureProbability: 1}}
        """

    static let steps: [Step] = [
        .silent("create namespace shop"),
        .silent("label nodes --all topology.kubernetes.io/region- node.kubernetes.io/instance-type-"), .pass(8),
        .recorded("002", "get nodes -o wide"), .recorded("003", "describe node n1"), .pass(1),
        .recorded("005", "get pods"),
        .recorded("006", "apply -f 01-web.yaml"), .pass(0.2),
        .recorded("008", "get deploy"), .recorded("009", "rollout status deploy/web"), .pass(2),
        .recorded("010", "get all"),
        .recorded("012", "get pods --show-labels"), .recorded("013", "get endpoints,endpointslices"),
        .recorded("014", "describe deploy web"),
        .recorded("017", "get pod POD -o yaml"), .recorded("019", "get deploy web -o yaml --show-managed-fields"),
        .recorded("020", "get rs -l app=web -o yaml"),
        .recorded("021", "describe svc web"), .recorded("022", "describe cm web-conf"), .recorded("024", "events"),
        .recorded("025", "apply -f 01-web.yaml"), .recorded("026", "apply -f 02-hpa.yaml"),
        .recorded("031", "get hpa web -o yaml"), .recorded("038", "delete hpa web"), .pass(20),
        .silent("scale deploy/web --replicas=5"), .pass(12), .recorded("034", "get deploy,rs,pods"),
        .recorded("037", "get pods"),
        .silent("set image deploy/web web=nginx:1.26"),
        .recorded("040", "annotate deploy/web kubernetes.io/change-cause=second_release_1.26 --overwrite"),
        .pass(0.1), .recorded("041", "rollout status deploy/web"), .pass(1),
        .recorded("042", "get rs -o wide"), .recorded("043", "rollout history deploy/web"),
        .recorded("044", "rollout history deploy/web --revision=2"),
        .recorded("045", "describe deploy web"), .recorded("046", "events --for deploy/web"),
        .recorded("047", "set image deploy/web web=nginx:doesnotexist"),
        .recorded("048", "annotate deploy/web kubernetes.io/change-cause=broken_release --overwrite"), .pass(5),
        .recorded("049", "get pods"),
        .recorded("050", "get deploy"), .recorded("051", "rollout status deploy/web"),
        .recorded("052", "describe deploy web"),
        .recorded("053", "describe pod BAD"), .recorded("054", "get pod BAD -o yaml"), .recorded("055", "logs BAD"),
        .recorded("057", "rollout history deploy/web"), .silent("rollout undo deploy/web"),
        .pass(0.007), .recorded("059", "rollout status deploy/web"),
        .silent("rollout undo deploy/web --to-revision=1"), .silent("rollout status deploy/web"),
        .recorded("064", "rollout undo deploy/web --to-revision=99"),
        .silent("apply -f 03-worker.yaml"), .pass(4), .recorded("066", "scale deploy/worker --replicas=4"), .pass(3),
        .recorded("067", "get deploy,pods -l app=worker -o wide"), .recorded("068", "get deploy worker"),
        .silent("scale deploy/worker --replicas=3"), .pass(0.3),
        .recorded("070", "get pods -l app=worker"),
        .recorded("071", "scale deploy/worker --current-replicas=9 --replicas=1"), .pass(40),
        .recorded("072", "rollout pause deploy/worker"), .recorded("074", "set env deploy/worker A=1"),
        .recorded("075", "set env deploy/worker --list"),
        .recorded("078", "rollout resume deploy/worker"), .pass(0.1),
        .recorded("079", "rollout status deploy/worker"),
        .silent("rollout restart deploy/worker"),
        .silent("rollout status deploy/worker"), .pass(60), .recorded("082", "get pdb"), .silent("cordon n1"),
        .recorded("086", "drain n1"),
        .recorded("087", "drain n1 --ignore-daemonsets --delete-emptydir-data"), .pass(1),
        .recorded("088", "get pods -o wide"),
        .recorded("089", "describe node n1"), .silent("uncordon n1"), .silent("taint node n2 dedicated=x:NoSchedule"),
        .pass(2), .recorded("096", "taint node n2 dedicated-"), .pass(3), .recorded("097", "label node n2 disk=hdd"),
        .recorded("098", "label node n2 disk=ssd2"),
        .recorded("099", "apply -f 04-pending.yaml"), .pass(3), .recorded("102", "describe pod noselector"),
        .silent("delete -f 04-pending.yaml"),
        .silent("apply -f 05-crash.yaml"), .pass(9), .recorded("106", "get pods -l app=crasher"),
        .recorded("108", "logs CRASH"), .pass(12),
        .recorded("110", "describe pod CRASH"), .recorded("111", "logs CRASH --previous"),
        .recorded("112", "get deploy crasher"),
        .silent("delete -f 05-crash.yaml"), .recorded("114", "apply -f 06-jobs.yaml"), .pass(35),
        .recorded("116", "describe job okjob"),
        .recorded("117", "get jobs"), .recorded("120", "describe cronjob every"), .silent("delete -f 06-jobs.yaml"),
        .silent("scale deploy/worker --replicas=2"), .pass(5),
        .recorded("122", "apply -f 07-sts-ds.yaml"), .pass(8), .recorded("123", "get sts,ds,pods -o wide"),
        .recorded("127", "rollout status ds/agent"),
        .recorded("128", "rollout history ds/agent"), .recorded("129", "set image ds/agent c=agent:2"),
        .silent("rollout status ds/agent"),
        .silent("scale sts/db --replicas=1"), .pass(40), .recorded("132", "get sts,pods -l app=db"),
        .recorded("134", "top pods"),
        .recorded("133", "delete -f 07-sts-ds.yaml"),
        .recorded("138", "apply -f 10-bad-unknown.yaml --validate=warn --dry-run=server"),
        .recorded("140", "apply -f 12-bad-type.yaml"), .recorded("141", "apply -f 13-bad-kind.yaml"),
        .recorded("142", "apply -f 14-immutable.yaml"),
        .recorded("145", "get foo"), .recorded("147", "create configmap x --namespace nosuchns"),
        .recorded(
            "148", "patch deploy web --type=json -p [{\"op\":\"replace\",\"path\":\"/spec/nosuch/x\",\"value\":1}]"),
        .recorded("149", "patch deploy web -p {\"spec\":{\"replicas\":\"x\"}}"),
        .recorded("154", "diff -f 03-worker.yaml"),
        .recorded("158", "wait --for=delete pod/nosuch --timeout=2s"), .recorded("160", "auth can-i delete nodes"),
        .recorded("161", "auth whoami"),
        .recorded("162", "logs POD"), .recorded("163", "logs -l app=web --prefix --tail=1"), .silent("delete pod POD"),
        .pass(1),
        .recorded("165", "get pods -l app=web"), .silent("create namespace quota"),
        .silent("apply -f 08-quota.yaml --namespace quota"),
        .recorded("174", "apply -f 09-quota-deploy.yaml --namespace quota"), .pass(4),
        .recorded("175", "get deploy,rs,pods --namespace quota"),
        .recorded("176", "describe rs --namespace quota"),
        .recorded("177", "describe quota,limitrange --namespace quota"),
        .recorded("178", "describe deploy greedy --namespace quota"), .recorded("180", "delete ns quota -n shop"),
        .recorded("181", "delete deploy web --cascade=orphan"), .pass(2), .recorded("182", "get rs,pods"),
        .recorded("184", "delete deploy worker --cascade=foreground"),
        .recorded("186", "get events --sort-by=.metadata.creationTimestamp"),
        .fault("{name: stop, at: 0s, for: 65s, node: n3, health: failed}"),
        .pass(60), .recorded("166", "get nodes"), .pass(30), .recorded("187", "delete ns shop -n shop"),
    ]

    /// Recordings that a simulated cluster cannot repeat, with the reason.
    static let differing: [String: String] = {
        var reasons: [String: String] = [:]
        for (numbers, reason) in [
            ("009 041 045 046 052", "pods become ready together here, so a rollout takes fewer and larger steps"),
            ("053", "the recorded kubelet looked at a failed pull again later than a real one"),
            ("110", "the recorded kubelet says nothing of an image that is there already"),
            ("089", "the recorded kubelet says nothing of a cordon"),
            ("108 111 162 163", "logs are those of the lab's programs"), ("134", "usage is that of the lab's programs"),
            ("176", "failed creations are retried at other moments"),
            ("182", "the session stopped a node before; this one does not"),
            ("186", "events of the whole session, with all of the above"),
        ] {
            for number in numbers.split(separator: " ") { reasons[String(number)] = reason }
        }
        return reasons
    }()

    /// The files that the session applied.
    static func inputs() throws -> [String: String] {
        var files: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: Repository.path("fixtures/kubectl/inputs")) {
            var text = try Repository.text("fixtures/kubectl/inputs/" + name)
            // One image has one behaviour here: what runs to its end has an image of its own.
            if name == "06-jobs.yaml" { text = text.replacing("busybox:1", with: "batch:1") }
            files[name] = text
        }
        return files
    }

    /// The words of a line; an underscore in the sentences of an annotation stands for a blank.
    static func words(_ line: String) -> [String] {
        line.split(separator: " ").map { word -> String in
            String(word).replacing("_release", with: " release").replacing("release_", with: "release ")
        }
    }

    /// Whether two outputs of a line are the same, as far as that counts.
    static func agree(_ line: String, _ recorded: String, _ output: String) -> Bool {
        // The order of rows is that of random names, and of what came first within a second.
        let isTable = ["get", "events", "top", "drain"].contains { line.hasPrefix($0) } && !line.contains("yaml")
        let order = { (lines: [String]) in isTable ? lines.sorted() : lines }
        return order(normalised(recorded)) == order(normalised(output))
    }

    static func recording(_ number: String) throws -> (text: String, code: Int32) {
        let folder = Repository.path("fixtures/kubectl/recorded")
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasPrefix(number + "-") })
        let whole = try Repository.text("fixtures/kubectl/recorded/" + name)
        let lines = whole.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let end = lines.lastIndex { $0.hasPrefix("[exit ") } ?? lines.count - 1
        let code = Int32(lines[end].dropFirst("[exit ".count).dropLast()) ?? 0
        return (lines[1..<end].map { $0 + "\n" }.joined(), code)
    }

    /// Ages, times, hashes, random names, nodes, zones, addresses, revisions and the widths of columns count for nothing.
    static func normalised(_ text: String) -> [String] {
        let rules: [(String, String)] = [
            (#"batch:1"#, "busybox:1"),
            (#"in [0-9.]+s \([0-9.]+s including waiting\)\. Image size: [0-9]+ bytes"#, "in AGE"),
            (#"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"#, "UID"), (#"[0-9a-f]{64}"#, "SHA"),
            (#"\b(web|worker|crasher|greedy)-[a-z0-9]{5,10}-[a-z0-9]{5}\b"#, "$1-HASH-POD"),
            (#"\b(web|worker|crasher|greedy)-(?=[a-z0-9]*[0-9])[a-z0-9]{6,10}\b"#, "$1-HASH"),
            (#"\b(agent|okjob|web|db)-[a-z0-9]{5}\b"#, "$1-POD"), (#"every-[0-9]+"#, "every-N"),
            (#"kube-api-access-[a-z0-9]{5}"#, "kube-api-access-X"),
            (#"pod-template-hash(=|: )"?[a-z0-9]{6,10}"?"#, "pod-template-hash$1HASH"),
            (#"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"#, "TIME"),
            (#"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} \+0000"#, "TIME"), (#"\bn[123]\b"#, "NODE"),
            (#"\bzone-[abc]\b"#, "ZONE"),
            (#"\b(10\.[0-9]+|192\.168|127\.0)\.[0-9]+\.[0-9]+\b"#, "IP"), (#"\b[0-9a-f]{32}\b"#, "UID"),
            (#"\b6\.1\.0-[a-z0-9-]+"#, "KERNEL"), (#"containerd://2\.[0-9.]+"#, "RUNTIME"),
            (#"resourceVersion: "[0-9]+""#, "resourceVersion: N"),
            (#"\b([0-9]+d)?([0-9]+h)?([0-9]+m)?[0-9]+s\b|\b[0-9]+m[0-9]*s?\b(?= |$)"#, "AGE"), (#"-{2,}"#, "--"),
            (#"[ \t]+"#, " "), (#" $"#, ""),
        ]
        var lines: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = String(line)
            for (pattern, replacement) in rules {
                line = line.replacingOccurrences(of: pattern, with: replacement, options: .regularExpression)
            }
            // How often a watch fired, and with it how often a rollout said the same, is not compared.
            if line.hasPrefix("Waiting for deployment"), lines.last == line { continue }
            lines.append(line)
        }
        return lines
    }
}
