// SPDX-License-Identifier: Apache-2.0
import MetricsText
import Testing

@testable import MetricsServer

@Suite struct MetricsSiteTests {
    private let site = MetricsSite(name: "Probe", about: "About it.", metricsPath: "/m", offersOpenMetrics: true) {
        [MetricFamily("a_total", .counter, help: "A.", value: 3)]
    }

    @Test func `metrics are served in the classic format`() async {
        let answer = await site.answer(SiteRequest(path: "/m"))
        #expect(answer.status == 200)
        #expect(answer.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(answer.body == "# HELP a_total A.\n# TYPE a_total counter\na_total 3\n")
    }

    @Test func `a scraper that accepts OpenMetrics gets it`() async {
        let answer = await site.answer(SiteRequest(path: "/m", accept: "application/openmetrics-text; version=1.0.0"))
        #expect(answer.contentType.hasPrefix("application/openmetrics-text"))
        #expect(answer.body.hasSuffix("# EOF\n"))
    }

    @Test(arguments: ["/health", "/-/healthy", "/-/ready"])
    func `health pages answer`(path: String) async {
        #expect(await site.answer(SiteRequest(path: path)).status == 200)
    }

    @Test func `the landing page links to the metrics`() async {
        let answer = await site.answer(SiteRequest(path: "/"))
        #expect(answer.status == 200)
        #expect(answer.contentType == "text/html; charset=utf-8")
        #expect(answer.body.contains("<a href=\"/m\">"))
    }

    @Test func `an unknown page is not found and a wrong method is refused`() async {
        #expect(await site.answer(SiteRequest(path: "/metrics")).status == 404)
        let refused = await site.answer(SiteRequest(method: "POST", path: "/m"))
        #expect(refused.status == 405)
        #expect(refused.allow == "GET, HEAD")
    }

    @Test func `a scrape that fails is an error that says why`() async {
        struct Broken: Error {}
        let broken = MetricsSite(name: "Probe", about: "") { throw Broken() }
        let answer = await broken.answer(SiteRequest(path: "/metrics"))
        #expect(answer.status == 500)
        #expect(answer.body.contains("Broken"))
    }

    @Test func `a page put on a path replaces what was there`() async {
        var own = site
        own.add("/health", methods: ["GET"]) { _ in SiteAnswer(500, "no broker") }
        #expect(await own.answer(SiteRequest(path: "/health")) == SiteAnswer(500, "no broker"))
    }
}
