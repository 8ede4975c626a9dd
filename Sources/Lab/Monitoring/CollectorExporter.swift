import Simulation
import Workloads

/// The Collector that a world's spans pass on their way to the trace store, as its own telemetry shows it.
extension World {
    /// The names are those of the Collector's default reader at level `normal`, which adds neither `_total` nor units. It
    /// answers at `otel-collector:8888` where traces are recorded.
    ///
    /// Nothing stands in this Collector's way: what ends is received at once, has the attributes of its pod added
    /// (``nameTracePlace(_:_:)``) and is sent on, so that nothing is refused, fails or waits in the queue.
    func exposeCollector() -> ExposedMetrics {
        var metrics = ExposedMetrics()
        let spans = Double(workloads.receivedSpans(now: now) ?? 0)
        func counter(_ name: String, _ help: String, _ labels: KeyValuePairs<String, String>, _ value: Double) {
            metrics.describe(name, "counter", help)
            metrics.add(name, labels, value)
        }
        func gauge(_ name: String, _ help: String, _ value: Double) {
            metrics.describe(name, "gauge", help)
            metrics.add(name, ["data_type": "traces", "exporter": "otlp_grpc/tempo"], value)
        }
        let receiver: KeyValuePairs = ["receiver": "otlp", "transport": "grpc"]
        counter(
            "otelcol_receiver_accepted_spans", "Number of spans successfully pushed into the pipeline.", receiver, spans
        )
        counter(
            "otelcol_receiver_refused_spans", "Number of spans that could not be pushed into the pipeline.", receiver, 0
        )
        let processor: KeyValuePairs = ["otel_signal": "traces", "processor": "k8s_attributes"]
        counter("otelcol_processor_incoming_items", "Number of items passed to the processor.", processor, spans)
        counter("otelcol_processor_outgoing_items", "Number of items emitted from the processor.", processor, spans)
        let exporter: KeyValuePairs = [
            "exporter": "otlp_grpc/tempo", "server_address": "tempo", "server_port": "4317",
        ]
        counter(
            "otelcol_exporter_sent_spans", "Number of spans successfully sent to destination.", exporter, spans)
        counter(
            "otelcol_exporter_send_failed_spans", "Number of spans in failed attempts to send to destination.",
            exporter,
            0)
        gauge("otelcol_exporter_queue_size", "Current size of the sending queue in its unit.", 0)
        gauge("otelcol_exporter_queue_capacity", "Fixed capacity of the sending queue in its unit.", 1_000)
        counter("otelcol_process_uptime", "Uptime of the process", [:], (now - SimulationTime.zero).seconds)
        return metrics
    }
}
