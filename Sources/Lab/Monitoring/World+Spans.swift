extension World {
    /// Keeps the last spans from now on, or stops doing so; what is kept is `workloads.spanRecords`. The world fares as it
    /// would without.
    public mutating func recordSpans(_ on: Bool) { workloads.recordSpans(on) }
}
