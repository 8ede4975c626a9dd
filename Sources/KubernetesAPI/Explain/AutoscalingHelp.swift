extension HelpTexts {
    static let autoscalingTexts = """
        HorizontalPodAutoscaler: Sets the number of pods of a workload from metrics.
        HorizontalPodAutoscaler.spec: What is scaled, between which bounds, by which metrics, how fast.
        HorizontalPodAutoscaler.status: What the autoscaler has seen and decided.
        HorizontalPodAutoscalerSpec: The wish: every 15 seconds the number of pods that each metric asks for is computed, and the highest is taken.
        HorizontalPodAutoscalerSpec.behavior: How fast it may scale up and down. Default: up at once (at most double or 4 pods in 15 seconds), down after 5 minutes.
        HorizontalPodAutoscalerSpec.maxReplicas: The most pods. Must be given.
        HorizontalPodAutoscalerSpec.metrics: What is measured and which value is aimed at. Default: 80% of the CPU request.
        HorizontalPodAutoscalerSpec.minReplicas: The fewest pods. Default: 1.
        HorizontalPodAutoscalerSpec.scaleTargetRef: The workload that is scaled.
        CrossVersionObjectReference: Another object, by kind and name.
        MetricSpec: A metric, and the value to aim at.
        MetricSpec.type: Which of the other fields is given.
        MetricSpec.resource: CPU or memory of the pods, all containers together.
        MetricSpec.containerResource: CPU or memory of one container of each pod.
        MetricSpec.pods: A metric that each pod has, averaged.
        MetricSpec.object: A metric of one other object, such as requests of an ingress.
        MetricSpec.external: A metric from outside the cluster, such as the length of a queue.
        ResourceMetricSource.name: cpu or memory.
        ContainerResourceMetricSource.container: The container's name.
        ContainerResourceMetricSource.name: cpu or memory.
        *.target: The value to aim at.
        MetricTarget: The value to aim at.
        MetricTarget.averageUtilization: Percent of the pods' requests. Pods without a request make it fail.
        MetricTarget.averageValue: A value for each pod.
        MetricTarget.type: Utilization, Value or AverageValue.
        MetricTarget.value: A value for all together.
        *.metric: The metric's name, and a selector of its series.
        HorizontalPodAutoscalerBehavior: Rules of speed, for up and down apart.
        HorizontalPodAutoscalerBehavior.scaleUp: Rules for more pods.
        HorizontalPodAutoscalerBehavior.scaleDown: Rules for fewer pods.
        HPAScalingRules: How fast the number may change.
        HPAScalingRules.policies: Limits of the change in a time. Which one counts is said by selectPolicy.
        HPAScalingRules.selectPolicy: Max takes the limit that allows the most change, Min the one that allows the least, Disabled forbids the direction. Default: Max.
        HPAScalingRules.stabilizationWindowSeconds: Seconds to look back: the highest wish of the window counts for down, the lowest for up. It keeps the number from flapping. Default: 0 for up, 300 for down. At most 3600.
        HPAScalingRules.tolerance: By which share the metric may be off without a change. Default: 10%.
        HPAScalingPolicy: One limit of the change.
        HPAScalingPolicy.periodSeconds: The time in which the limit holds, 1 to 1800 seconds.
        HPAScalingPolicy.type: Pods for a number, Percent for a share of the current number.
        HPAScalingPolicy.value: How much the number may change in the period.
        HorizontalPodAutoscalerStatus.conditions: ScalingActive (can metrics be read), AbleToScale, ScalingLimited (are the bounds reached).
        HorizontalPodAutoscalerStatus.currentMetrics: The metrics as last read.
        HorizontalPodAutoscalerStatus.currentReplicas: Pods as last seen.
        HorizontalPodAutoscalerStatus.desiredReplicas: Pods as last wished.
        HorizontalPodAutoscalerStatus.lastScaleTime: When the number was last changed.
        """
}
