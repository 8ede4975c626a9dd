import Foundation
import Lab

/// A new exercise that an author changes step by step: small, whole, and clean from the beginning.
public enum ExerciseSkeleton {
    /// Files by their path below the exercise's folder.
    /// - Parameter name: the folder's name, such as `4.9-night-batch`.
    public static func files(name: String) -> [(path: String, text: String)] {
        let plain = name.split(separator: "-", maxSplits: 1).last.map(String.init) ?? name
        var files = [
            ("exercise.yaml", exercise), ("scenario.yaml", scenario.replacing("NAME", with: plain)),
            ("service.yaml", service),
        ]
        let limit = "            limits: {memory: 192Mi}\n"
        for (folder, replicas, cpu, limits) in [
            ("starter", 1, "500m", limit), ("solution", 2, "700m", limit), ("panel/textbook", 2, "700m", limit),
            ("panel/conservative", 3, "500m", limit), ("panel/thrifty", 2, "600m", limit),
            ("panel/no-limit", 2, "700m", ""), ("wrong/one-pod", 1, "700m", limit),
            ("wrong/too-many", 8, "700m", limit),
        ] {
            files.append(
                (
                    folder + "/web.yaml",
                    manifest.replacing("REPLICAS", with: "\(replicas)").replacing("CPU", with: cpu)
                        .replacing("LIMITS\n", with: limits)
                ))
        }
        return files
    }

    /// Writes them below a folder that must not exist yet.
    /// - Throws: `ConfigurationError`.
    public static func write(name: String, to folder: String) throws {
        guard !FileManager.default.fileExists(atPath: folder) else {
            throw ConfigurationError(file: folder, message: "exists already; nothing was written")
        }
        for (path, text) in files(name: name) {
            let target = folder + "/" + path
            do {
                try FileManager.default.createDirectory(
                    atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try Data(text.utf8).write(to: URL(fileURLWithPath: target), options: .atomic)
            } catch { throw ConfigurationError(file: target, message: "cannot be written") }
        }
    }

    private static let exercise = """
        # An exercise. Change it step by step; after each step:
        #   kubelab author lint FOLDER      what can be seen without a trial
        #   kubelab author verify FOLDER    the proof that it judges fairly
        # docs/authoring.md explains every field and the language of 'expect'.
        title: Two are enough
        # How long a learner takes.
        minutes: 10
        # Whether it belongs to the core path of four hours.
        core: false
        # Learning outcomes of the course, 1 to 12.
        outcomes: [6]
        # Symptoms, as the person on call hears them. Never the cause, never the field to edit.
        situation: |
          Customers of the shop wait, and some see an error.
        # What is asked, and what a learner must know to answer.
        task: |
          Hand in web.yaml. A pod answers about five requests a second; five or six come.
        # Nothing but these files is read; each says which objects it may hold. 'optional: true' may be left out.
        handIn:
          - {file: web.yaml, objects: [Deployment/web]}
        # What must stay as the starter has it.
        fixed:
          - object: Deployment/web
            path: "spec.template.spec.containers[name=web].image"
            reason: the release decides the version
        trial:
          duration: 150s
          # Seeds that learners can look at, and how many more decide a grade.
          visibleSeeds: [1]
          hiddenSeeds: 5
          # Bounds: events of a trial (ten times what the solution needs), replicas that a manifest may ask for.
          events: 400000
          replicas: 20
          inputs:
            - {at: 0s, apply: web.yaml, note: your manifest is applied}
        # The points sum up to 100. Every criterion needs a wrong answer that it catches.
        criteria:
          - id: served
            title: Customers are served
            points: 60
            # 'nothing at' is where partial credit ends.
            expect: share of requests(traffic/users, latency <= 2s) between 1m and 150s >= 90%, nothing at 80%
            # The part of the hand-in that answers for it, and curves worth looking at.
            field: {object: Deployment/web, path: spec.replicas}
            graph: [traffic/users.p99]
          - id: cost
            title: It costs little
            points: 40
            expect: mean(deployment/web.price) <= 0.06
            field: {object: Deployment/web, path: spec.replicas}
            graph: [deployment/web.price]
        # Three: where to look, a command to observe with, what to read. None names the answer.
        hints:
          - Look at how long customers wait, and how many requests a pod holds.
          - kubelab graph traffic/users.p99
          - "Kubernetes documentation: Deployments"
        # Answers that look right, each with the belief that it stands for and the criterion that must catch it.
        wrong:
          - name: one-pod
            criterion: served
            misconception: One pod can answer everything that it is sent. (What arrives faster than it is answered piles up.)
          - name: too-many
            criterion: cost
            misconception: More pods cost nothing. (What they ask for is paid for.)
        # Told after the pass: what decided, and what it would have meant in production.
        debrief: |
          Arrivals above capacity queue without end; how long customers wait then depends on how long it lasts.
        # Mutants of the solution that get all points and truly are fine, by the name that 'author verify' prints.
        accepted:
          - name: "web.yaml: Deployment/web spec.template.spec.containers[name=web].resources*memory divided by 10"
            reason: there is room on the machines for more than the pods use
          - name: "web.yaml: Deployment/web spec.template.spec.containers[name=web].resources*removed"
            reason: nobody competes with the pods in this world
          - name: "web.yaml: Deployment/web spec.template.spec.containers[name=web].resources*times 10"
            reason: more than they need is allowed to them, not used
          - name: "web.yaml: Deployment/web spec.template.spec.containers[name=web].resources.requests.cpu divided by 10"
            reason: nobody competes with the pods in this world
          - name: "web.yaml: Deployment/web spec.template.spec.containers[name=web].readinessProbe*"
            reason: the pods are up before the first customer comes

        """

    private static let scenario = """
        # The world. Every number of the model is here.
        name: NAME
        title: A shop's front page
        start: "2026-01-05T09:00:00Z"
        duration: 150s
        namespace: shop
        nodes:
          # Price of one machine an hour.
          - {name: worker, count: 2, cpu: "4", memory: 8Gi, zone: zone-a, price: 0.2}
        registry:
          images:
            registry.shop.example/web:1.0: 60Mi
        workloads:
          images:
            # What a container of this image does; the name is the last part of the image without its tag.
            web:
              service:
                workers: 1
                backlog: 64
                stages:
                  # Seconds of CPU a request: a number, or a distribution such as {lognormal: {median: 0.2, p95: 0.3}}.
                  - compute: 0.2
              startup:
                importing: 1
                loading: 2
                warmUp: 0
              memory: {base: 60Mi}
              port: 8000
              health:
                - {path: /readyz, check: ready}
          traffic:
            - name: users
              service: shop/web
              path: /
              rate:
                - {at: 0s, rate: 0}
                - {at: 30s, rate: 0}
                - {at: 40s, rate: 5.5}
              timeout: 3s
              patience: 10
        # Objects that are there from the beginning and that nobody hands in.
        manifests: [service.yaml]

        """

    private static let service = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          selector: {app: web}
          ports:
            - {name: http, port: 80, targetPort: http}

        """

    private static let manifest = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: REPLICAS
          selector:
            matchLabels: {app: web}
          template:
            metadata:
              labels: {app: web}
            spec:
              containers:
                - name: web
                  image: registry.shop.example/web:1.0
                  ports:
                    - {name: http, containerPort: 8000}
                  resources:
                    requests: {cpu: CPU, memory: 96Mi}
        LIMITS
                  readinessProbe:
                    httpGet: {path: /readyz, port: http}
                    periodSeconds: 5

        """
}

extension String {
    fileprivate func replacing(_ old: String, with new: String) -> String {
        split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
}
