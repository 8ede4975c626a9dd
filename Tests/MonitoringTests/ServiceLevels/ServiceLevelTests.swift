import PromQL
import Testing

@testable import Monitoring

/// Objectives become rules that Prometheus accepts and that page when they should.
@Suite struct ServiceLevelTests {
    private static let sloth = """
        version: prometheus/v1
        service: shop
        labels: {owner: desk}
        slos:
          - name: availability
            objective: 99.9
            sli:
              events:
                error_query: sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))
                total_query: sum(rate(http_requests_total[{{.window}}]))
            alerting:
              name: ShopAvailability
              labels: {category: availability}
              page_alert: {labels: {severity: pageteam}}
              ticket_alert: {labels: {severity: slack}}
        """

    private static let resource = """
        apiVersion: sloth.slok.dev/v1
        kind: PrometheusServiceLevel
        metadata: {name: shop}
        spec:
          service: shop
          labels: {owner: desk}
          slos:
            - name: availability
              objective: 99.9
              sli:
                events:
                  errorQuery: sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))
                  totalQuery: sum(rate(http_requests_total[{{.window}}]))
              alerting:
                name: ShopAvailability
                labels: {category: availability}
                pageAlert: {labels: {severity: pageteam}}
                ticketAlert: {labels: {severity: slack}}
        """

    private static let open = """
        apiVersion: openslo/v1
        kind: SLO
        metadata: {name: availability}
        spec:
          service: shop
          indicatorRef: good-answers
          timeWindow: [{duration: 4w, isRolling: true}]
          budgetingMethod: Occurrences
          objectives: [{target: 0.999}]
          alertPolicies: [burn]
        ---
        apiVersion: openslo/v1
        kind: SLI
        metadata: {name: good-answers}
        spec:
          ratioMetric:
            counter: true
            good: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(http_requests_total{code="200"}[{{.window}}]))'}}}
            total: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(http_requests_total[{{.window}}]))'}}}
        """

    @Test func bothFormsOfSlothMeanTheSame() throws {
        let (first, second) = (
            try ServiceLevelDocument.objectives(Self.sloth), try ServiceLevelDocument.objectives(Self.resource)
        )
        #expect(first == second && first.count == 1)
        #expect(abs(first[0].budget - 0.001) < 1e-12)
    }

    @Test func burnRatesAreThoseOfTheWorkbook() {
        let factors = BurnRateWindow.usual.map { $0.factor(days: 30) }
        #expect(zip(factors, [14.4, 6, 3, 1]).allSatisfy { abs($0 - $1) < 1e-9 }, "\(factors)")
    }

    @Test(arguments: [sloth, resource, open]) func rulesAreAccepted(document: String) throws {
        let text = ServiceLevelRules.file(try ServiceLevelDocument.objectives(document))
        let file = try RuleFile(text)
        #expect(file.groups.map(\.rules.count) == [8, 7, 2], "\(text)")
        #expect(file.groups[0].rules.map(\.name).contains("slo:sli_error:ratio_rate1h"))
        #expect(file.groups[2].rules.allSatisfy { $0.labels["sloth_severity"] != "" })
    }

    /// A service that fails 2% of its requests burns a budget of 0.1% twenty times too fast: it pages, and one that fails
    /// 0.05% does not.
    @Test(arguments: [(0.02, true), (0.0005, false)]) func theBudgetBurns(share: Double, pages: Bool) throws {
        let objectives = try ServiceLevelDocument.objectives(Self.sloth)
        let file = try RuleFile(ServiceLevelRules.file(objectives))
        var store = TimeSeriesStore()
        var groups = file.groups.map { RuleGroup($0, file: "slo.yml", interval: 60_000) }
        for minute in 0...90 {
            let requests = Double(minute) * 60_000
            for (code, part) in [("200", 1 - share), ("500", share)] {
                try store.append(
                    Labels(["__name__": "http_requests_total", "code": code]), time: Int64(minute) * 60_000,
                    value: requests * part)
            }
            for index in groups.indices {
                _ = groups[index].evaluate(slot: Int64(minute) * 60_000, in: &store, RuleGroup.Context())
            }
        }
        #expect(groups.flatMap(\.rules).allSatisfy { $0.health == .ok })
        let page = try #require(groups[2].rules.first { $0.description.labels["sloth_severity"] == "page" })
        #expect((page.state == .firing) == pages)
        #expect(
            page.alerts.first.map { $0.labels["severity"] == "pageteam" && $0.labels["sloth_slo"] == "availability" }
                ?? !pages)
        let budget = try ErrorBudget(
            objectives[0], window: 3_600_000, at: 90 * 60_000, in: store, engine: QueryEngine())
        #expect(abs((budget.errorRatio ?? 0) - share) < 1e-9)
        #expect(
            abs((budget.burnRate ?? 0) - share * 1000) < 1e-6 && abs((budget.left ?? 0) - (1 - share * 1000)) < 1e-6)
    }

    @Test(arguments: [
        ("version: prometheus/v1\nservice: s\nslos: []\n", "slos", "at least one objective"),
        ("version: prometheus/v2\n", "version", "neither Sloth's"),
        (sloth.replacing("99.9", with: "101"), "slos[0].objective", "between 0 and 100"),
        (
            sloth.replacing("total[{{.window}}]))", with: "total[5m]))"),
            "slos[0].sli.events.total_query", "no {{.window}}"
        ),
        (
            sloth.replacing("total_query: sum(", with: "total_query: sum(("), "slos[0].sli.events.total_query",
            "cannot be read"
        ),
        (
            open.replacing("indicatorRef: good-answers", with: "indicatorRef: nope"), "spec.indicatorRef",
            "there is no SLI \"nope\""
        ),
        (open.replacing("0.999", with: "99.9"), "spec.objectives[0].target", "between 0 and 1"),
        (open.replacing("Occurrences", with: "Timeslices"), "spec.budgetingMethod", "Timeslices is not supported"),
        (open.replacing("4w", with: "4x"), "spec.timeWindow[0].duration", "must be a number of days"),
    ])
    func whatIsWrongIsToldAtItsPlace(text: String, field: String, message: String) {
        #expect {
            try ServiceLevelDocument.objectives(text)
        } throws: { error in
            guard let error = error as? ConfigurationError else { return false }
            return error.field == field && error.message.contains(message) && (error.line ?? 0) >= 1
        }
    }
}
