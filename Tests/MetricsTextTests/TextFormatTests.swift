// SPDX-License-Identifier: Apache-2.0
import SeededTesting
import Testing

@testable import MetricsText

@Suite struct TextFormatTests {
    @Test func `families and series come out in one order, whatever order they went in`() {
        var requests = MetricFamily("b_total", .counter, help: "Requests.")
        requests.append(2, ["code": "500"])
        requests.append(11, ["code": "200"])
        let up = MetricFamily("a_up", .gauge, help: "Whether it is up.", value: 1)
        #expect(
            TextFormat().render([requests, up]) == """
                # HELP a_up Whether it is up.
                # TYPE a_up gauge
                a_up 1
                # HELP b_total Requests.
                # TYPE b_total counter
                b_total{code="200"} 11
                b_total{code="500"} 2

                """
        )
    }

    @Test func `label values and help are escaped`() {
        var family = MetricFamily("m", .gauge, help: "a \\ b\nc \"d\"")
        family.append(1, ["path": "C:\\x\n\"y\"", "e": "é"])
        #expect(
            TextFormat().render([family]) == """
                # HELP m a \\\\ b\\nc "d"
                # TYPE m gauge
                m{e="é",path="C:\\\\x\\n\\"y\\""} 1

                """
        )
    }

    @Test func `a histogram is written with growing buckets, sum and count`() {
        var value = HistogramValue(upperBounds: [1, 0.5, .infinity])
        for observation in [0.5, 0.7, 3, .nan] { value.observe(observation) }
        let family = MetricFamily(
            "t",
            .histogram,
            help: "",
            series: [MetricSeries(labels: ["n": "x"], value: .histogram(value))]
        )
        #expect(
            TextFormat(.prometheus, bounds: .float).render([family]) == """
                # TYPE t histogram
                t_bucket{n="x",le="0.5"} 1
                t_bucket{n="x",le="1.0"} 2
                t_bucket{n="x",le="+Inf"} 4
                t_sum{n="x"} NaN
                t_count{n="x"} 4

                """
        )
    }

    @Test func `a summary is written with its quantiles`() {
        let value = SummaryValue(
            quantiles: [.init(rank: 0.5, value: 2), .init(rank: 0.99, value: .nan)],
            sum: 4.5,
            count: 3
        )
        let family = MetricFamily("s", .summary, help: "", series: [MetricSeries(value: .summary(value))])
        #expect(
            TextFormat().render([family]) == """
                # TYPE s summary
                s{quantile="0.5"} 2
                s{quantile="0.99"} NaN
                s_sum 4.5
                s_count 3

                """
        )
    }

    @Test func `OpenMetrics names the counter's family without its suffix and ends with a mark`() {
        let families = [
            MetricFamily("a_total", .counter, help: "A.", value: 1),
            MetricFamily("b", .counter, help: "", value: 1),
        ]
        #expect(
            TextFormat(.openMetrics).render(families) == """
                # HELP a A.
                # TYPE a counter
                a_total 1
                # TYPE b unknown
                b 1
                # EOF

                """
        )
    }

    @Test func `a family without series is not written`() {
        #expect(TextFormat().render([MetricFamily("a", .gauge, help: "A.")]).isEmpty)
    }

    @Test func `the scraper's Accept header chooses the dialect`() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2"
        #expect(TextFormat.dialect(accepting: prometheus) == .openMetrics)
        #expect(TextFormat.dialect(accepting: "text/html") == .prometheus)
        #expect(TextFormat.dialect(accepting: nil) == .prometheus)
    }

    @Test(arguments: [
        (0, "0"), (-0.0, "-0"), (1, "1"), (-3, "-3"), (0.005, "0.005"), (2.5, "2.5"), (123456.5, "123456.5"),
        (999_999, "999999"), (1_000_000, "1e+06"), (2_500_000, "2.5e+06"), (0.0001, "0.0001"),
        (0.00001, "1e-05"), (1e21, "1e+21"), (1.5e-10, "1.5e-10"), (1e100, "1e+100"), (100.25, "100.25"),
        (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
    func `short numbers are written as Go writes them`(value: Double, text: String) {
        #expect(NumberStyle.short.text(value) == text)
    }

    @Test func `a short number reads back as itself`() {
        var random = SeededGenerator()
        for _ in 0..<2000 {
            let value = Double(bitPattern: random.next())
            if value.isNaN { continue }
            #expect(Double(NumberStyle.short.text(value).replacingInfinity) == value)
        }
    }
}

extension String {
    fileprivate var replacingInfinity: String {
        self == "+Inf" ? "inf" : self == "-Inf" ? "-inf" : self
    }
}
