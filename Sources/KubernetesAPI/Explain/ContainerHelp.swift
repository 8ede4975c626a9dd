extension HelpTexts {
    static let containerTexts = """
        Container: One container of a pod.
        *.args: Arguments of the command. Default: the image's CMD. $(NAME) is replaced by the environment variable.
        *.command: The program to run, not in a shell. Default: the image's ENTRYPOINT.
        *.env: Environment variables of the container. A later entry replaces an earlier one of the same name.
        *.envFrom: ConfigMaps and Secrets whose keys become environment variables. env goes before them.
        *.image: The image, with its tag or digest. Without a tag it is latest.
        *.imagePullPolicy: When the image is pulled. Default: Always if the tag is latest or missing, otherwise IfNotPresent.
        *.lifecycle: What is done right after the container's start and before its end.
        *.livenessProbe: Asks again and again whether the container works; if it does not, it is killed and restarted. Too strict a probe makes an overload worse.
        Container.name: The container's name, a DNS label, unique in the pod.
        *.ports: Ports the container listens on. This is information: leaving a port out does not close it.
        *.readinessProbe: Asks again and again whether the container can serve; while it cannot, services send the pod nothing. It is not restarted.
        *.resizePolicy: Whether changing a resource of the running container restarts it.
        *.resources: The CPU and memory the container is promised (requests) and may use at most (limits).
        Container.restartPolicy: For init containers: Always makes the container a sidecar, which starts in turn but keeps running.
        *.restartPolicyRules: Rules by exit code that go before restartPolicy.
        *.startupProbe: Asks until it succeeds once; the other probes wait for it. For programs that start slowly.
        *.stdin: Keep a standard input for the container. Default: false.
        *.stdinOnce: Close the standard input after the first attach ends. Default: false.
        *.terminationMessagePath: The file whose content becomes the message of the ended container. Default: /dev/termination-log.
        *.terminationMessagePolicy: File, or FallbackToLogsOnError to take the end of the log if the file is empty and the container failed. Default: File.
        *.tty: Give the container a terminal. Default: false.
        *.volumeDevices: Raw block volumes.
        *.volumeMounts: Volumes of the pod, and where the container sees them.
        *.workingDir: The working directory. Default: the image's.
        Container.securityContext: Security settings of this container; they go before those of the pod.
        ContainerPort: A port of a container.
        ContainerPort.containerPort: The number, 1 to 65535.
        ContainerPort.hostPort: The node's port that leads to this one. A node can serve one pod a port: seldom needed.
        ContainerPort.hostIP: The address of the node to which hostPort is bound.
        ContainerPort.name: A name that services and probes can use instead of the number: at most 15 characters.
        ContainerPort.protocol: TCP, UDP or SCTP. Default: TCP.
        EnvVar: An environment variable.
        EnvVar.name: Its name.
        EnvVar.value: Its value, always text: quote numbers and true or false. $(NAME) is replaced by an earlier variable.
        EnvVar.valueFrom: Where the value comes from; not together with value.
        EnvVarSource.configMapKeyRef: A key of a ConfigMap in the same namespace. The container does not start while it is missing.
        EnvVarSource.secretKeyRef: A key of a Secret in the same namespace. The container does not start while it is missing.
        EnvVarSource.fieldRef: A field of the pod, such as metadata.name, spec.nodeName or status.podIP.
        EnvVarSource.resourceFieldRef: A request or limit of the container.
        EnvFromSource.configMapRef: The ConfigMap.
        EnvFromSource.secretRef: The Secret.
        EnvFromSource.prefix: Put before each key.
        *.optional: Go on if the object or the key is missing. Default: false.
        VolumeMount.name: The volume's name.
        VolumeMount.mountPath: Where the container sees the volume. Must not contain a colon.
        VolumeMount.readOnly: Mount it read-only. Default: false.
        VolumeMount.subPath: A path inside the volume that is mounted instead of its root. Such files of ConfigMaps are not updated.
        ResourceRequirements: What a container is promised and may use.
        *.requests: What the scheduler reserves on the node. CPU in cores (500m is a half), memory in bytes (256Mi). Default: the limit, if one is given.
        *.limits: The most the container may use. Over the CPU limit it is slowed down, over the memory limit it is killed (OOMKilled).
        *.claims: Names of the pod's resourceClaims that the container uses.
        Probe: A check of a container, repeated by the kubelet.
        ProbeHandler.exec: Runs a command in the container: exit code 0 is a success.
        ProbeHandler.grpc: Calls the gRPC health service.
        ProbeHandler.httpGet: Sends an HTTP GET: status 200 to 399 is a success.
        ProbeHandler.tcpSocket: Opens a connection: success if it is accepted.
        Probe.failureThreshold: Failures in a row that count as failed. Default: 3.
        Probe.initialDelaySeconds: Seconds from the container's start to the first check. Default: 0.
        Probe.periodSeconds: Seconds between checks. Default: 10.
        Probe.successThreshold: Successes in a row after a failure that count as good again. Must be 1 for liveness and startup. Default: 1.
        Probe.terminationGracePeriodSeconds: Seconds for ending after this probe failed, instead of the pod's. Not for readiness.
        Probe.timeoutSeconds: Seconds after which a check counts as a failure. Default: 1.
        HTTPGetAction.host: The host to connect to. Default: the pod's address. To set the Host header, use httpHeaders.
        HTTPGetAction.httpHeaders: Headers of the request.
        HTTPGetAction.path: The path. Default: /.
        HTTPGetAction.port: The port, by number or by name.
        HTTPGetAction.scheme: HTTP or HTTPS. Default: HTTP. Certificates are not checked.
        TCPSocketAction.port: The port, by number or by name.
        TCPSocketAction.host: The host to connect to. Default: the pod's address.
        GRPCAction.port: The port's number.
        GRPCAction.service: The service name in the health request. Default: empty.
        ExecAction.command: The command and its arguments, not in a shell.
        SleepAction.seconds: How long to sleep.
        Lifecycle: Hooks of a container's life.
        Lifecycle.postStart: Done right after the start, beside the program. The container counts as running when it is done; if it fails, the container is killed.
        Lifecycle.preStop: Done before the container is asked to end; its time counts to the grace period. A few seconds of sleep let services notice that the pod is leaving.
        Lifecycle.stopSignal: The signal that asks the program to end. Default: the image's, or SIGTERM.
        LifecycleHandler.exec: Runs a command in the container.
        LifecycleHandler.httpGet: Sends an HTTP GET to the container.
        LifecycleHandler.sleep: Does nothing for some seconds.
        LifecycleHandler.tcpSocket: Not supported, kept for old objects.
        """
}
