import Foundation
import Lab

@testable import Grading

/// An exercise small enough for debug builds: a web server for a few users, and a pod too few when they triple.
final class MiniExercise {
    let folder: TemporaryFolder
    var path: String { folder.path + "/9-small/9.1-mini" }

    static let scenario = """
        name: mini
        namespace: shop
        duration: 4m
        nodes:
        - {name: worker, count: 2, price: 0.1}
        workloads:
          images:
            web:
              service:
                workers: 1
                stages: [{compute: 0.1}]
              startup: {importing: 1, loading: 1, warmUp: 0}
              port: 8000
              health: [{path: /readyz, check: ready}]
          traffic:
          - {name: users, service: shop/web, path: /, timeout: 2s, rate: [{at: 0s, rate: 2}, {at: 2m, rate: 2}, {at: 2m10s, rate: ${peak}}]}
        manifests: [service.yaml]
        prices: {downtimePerHour: 600}
        """

    static let exercise = """
        title: Small
        minutes: 5
        core: true
        outcomes: [5]
        situation: Users complain.
        parameters:
          - {name: peak, values: ["18", "20", "22"], standard: "20"}
        handIn:
          - {file: web.yaml, objects: [Deployment/web]}
        trial:
          duration: 4m
          visibleSeeds: [1, 2]
          hiddenSeeds: 2
          inputs: [{at: 0s, apply: web.yaml}]
        criteria:
          - id: served
            title: Users are served
            points: 80
            expect: share of requests(traffic/users, latency <= 1s) between 2m and 4m >= 95%
            field: {object: Deployment/web, path: spec.replicas}
            graph: [traffic/users.p99, deployment/web.ready]
          - id: pods
            title: Not more than five pods
            points: 20
            expect: max(deployment/web.replicas) <= 5
        predictions:
          file: predictions.yaml
          items:
            - {id: ready, ask: How many pods are ready at most?, quantity: max(deployment/web.ready), tolerance: 10%, points: 8}
            - {id: lost, ask: What share of users is not served within 1s?, quantity: "share of requests(traffic/users, not latency <= 1s)", tolerance: 10%, within: 2%, points: 8}
        hints: [look, do, read]
        debrief: A queue grows without end when less is served than comes.
        wrong:
          - {name: one, criterion: served, misconception: One pod is enough.}
        panel:
          - {name: four, why: It has room to spare.}
        """

    static let service = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          selector: {app: web}
          ports: [{port: 80, targetPort: 8000}]
        """

    static func web(replicas: Int, image: String = "registry.example/web:1") -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: \(replicas)
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - name: web
                image: \(image)
                ports: [{containerPort: 8000}]
                readinessProbe: {httpGet: {path: /readyz, port: 8000}}
        """
    }

    init(exercise: String = exercise, scenario: String = scenario) throws {
        folder = try TemporaryFolder()
        for (name, text) in [
            ("exercise.yaml", exercise), ("scenario.yaml", scenario), ("service.yaml", Self.service),
            ("starter/web.yaml", Self.web(replicas: 1)), ("solution/web.yaml", Self.web(replicas: 4)),
            ("panel/four/web.yaml", Self.web(replicas: 4)), ("wrong/one/web.yaml", Self.web(replicas: 1)),
        ] {
            try folder.write("9-small/9.1-mini/" + name, text)
        }
    }

    func read() throws -> Exercise { try Exercise.read(path) }

    func submission(replicas: Int) -> Submission {
        Submission(files: [Submission.File(name: "web.yaml", text: Self.web(replicas: replicas))])
    }
}
