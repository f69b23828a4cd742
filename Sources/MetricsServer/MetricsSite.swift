// SPDX-License-Identifier: Apache-2.0
package import MetricsText

/// What a request asks for, as far as an exporter's site cares.
package struct SiteRequest: Sendable {
    /// The method, such as `GET`.
    package let method: String
    /// The path without the query.
    package let path: String
    /// The `Accept` header.
    package let accept: String?

    /// Creates a request.
    package init(method: String = "GET", path: String, accept: String? = nil) {
        self.method = method
        self.path = path
        self.accept = accept
    }
}

/// What goes back: a status, a type and a body.
package struct SiteAnswer: Sendable, Equatable {
    /// The status code.
    package let status: Int
    /// The body's type.
    package let contentType: String
    /// The body.
    package let body: String
    /// The methods that are allowed, where the answer is that this one is not.
    package let allow: String?

    /// Creates an answer.
    package init(
        _ status: Int,
        _ body: String,
        contentType: String = "text/plain; charset=utf-8",
        allow: String? = nil
    ) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.allow = allow
    }
}

/// The pages of an exporter: metrics, health, readiness and a landing page that links to the metrics.
///
/// It knows nothing of sockets, so a test asks it directly; `MetricsServer` puts it on one.
package struct MetricsSite: Sendable {
    /// Answers requests for one path.
    package typealias Page = @Sendable (SiteRequest) async -> SiteAnswer

    private struct Entry: Sendable {
        let methods: [String]
        let page: Page
    }

    private let name: String
    private let about: String
    private let metricsPath: String
    private var entries: [String: Entry] = [:]

    /// Creates a site.
    ///
    /// - Parameters:
    ///   - name: The exporter's name, for the landing page.
    ///   - about: One sentence about it, for the landing page.
    ///   - metricsPath: The path of the metrics.
    ///   - bounds: How histogram bounds are written in the Prometheus format.
    ///   - offersOpenMetrics: Whether a scraper that accepts OpenMetrics gets it.
    ///   - scrape: Gathers the families for one scrape.
    package init(
        name: String,
        about: String,
        metricsPath: String = "/metrics",
        bounds: NumberStyle = .short,
        offersOpenMetrics: Bool = false,
        scrape: @escaping @Sendable () async throws -> [MetricFamily]
    ) {
        self.name = name
        self.about = about
        self.metricsPath = metricsPath
        add(metricsPath) { request in
            let dialect = offersOpenMetrics ? TextFormat.dialect(accepting: request.accept) : .prometheus
            let format = TextFormat(dialect, bounds: bounds)
            do {
                return SiteAnswer(200, format.render(try await scrape()), contentType: format.contentType)
            } catch {
                return SiteAnswer(500, "Failed to scrape metrics: \(error)\n")
            }
        }
        add("/-/healthy") { _ in SiteAnswer(200, "\(name) is Healthy.\n") }
        add("/-/ready") { _ in SiteAnswer(200, "\(name) is Ready.\n") }
        add("/health") { _ in SiteAnswer(200, "\(name) is Healthy.\n") }
    }

    /// Puts a page on a path, in place of what was there.
    package mutating func add(_ path: String, methods: [String] = ["GET", "HEAD"], _ page: @escaping Page) {
        entries[path] = Entry(methods: methods, page: page)
    }

    /// Answers one request.
    package func answer(_ request: SiteRequest) async -> SiteAnswer {
        let entry = entries[request.path] ?? (request.path == "/" ? landing : nil)
        guard let entry else { return SiteAnswer(404, "404 page not found\n") }
        guard entry.methods.contains(request.method) else {
            return SiteAnswer(405, "Method Not Allowed\n", allow: entry.methods.joined(separator: ", "))
        }
        return await entry.page(request)
    }

    private var landing: Entry {
        let page = """
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><title>\(name)</title></head>
            <body>
            <h1>\(name)</h1>
            <p>\(about)</p>
            <p><a href="\(metricsPath)">Metrics</a></p>
            </body>
            </html>

            """
        return Entry(methods: ["GET", "HEAD"]) { _ in
            SiteAnswer(200, page, contentType: "text/html; charset=utf-8")
        }
    }
}
