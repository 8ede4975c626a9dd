extension TimeSeriesStore {
    /// The store as it would be had other series never been written. Samples are shared and not copied; exemplars are
    /// left out.
    public func keeping(_ keeps: (Labels) -> Bool) -> TimeSeriesStore {
        var store = TimeSeriesStore(configuration: configuration)
        for id in allSeries {
            guard let series = series(id), keeps(series.labels) else { continue }
            store.restore(series)
        }
        store.note(metadata)
        return store
    }
}
