// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import PebbleAPI
import PebblePlan

/// Asks a web server and is content with any 2xx answer.
struct HTTPProbe: Sendable {
    var loop: any EventLoop
    var tls: TLSClient
    var timeout: Duration

    private static let redirectLimit = 10
    private static let headers = ["User-Agent": "Go-http-client/1.1"]

    func run(_ check: HTTPCheck) async throws {
        let text = check.url ?? ""
        var url = try parse(text)
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        for _ in 0...Self.redirectLimit {
            let answer: HTTPAnswer
            do {
                let headers = Self.headers.merging(check.headers) { _, own in own }
                answer = try await HTTPExchange(loop: loop, tls: tls, timeout: timeout)
                    .send(.GET, url, headers: headers, deadline: deadline)
            } catch let failure as ProbeFailure where failure.isTimeout {
                throw failure
            } catch {
                throw ProbeFailure(description: "Get \"\(url.text)\": \(error)")
            }
            if (300..<400).contains(answer.status), let location = answer.location {
                url = location.hasPrefix("/") ? url.redirected(to: location) : try parse(location)
                continue
            }
            guard (200..<300).contains(answer.status) else {
                throw ProbeFailure.of("non-2xx status code \(answer.status)", detail: answer.excerpt)
            }
            return
        }
        throw ProbeFailure(description: "Get \"\(text)\": stopped after \(Self.redirectLimit) redirects")
    }

    private func parse(_ text: String) throws(ProbeFailure) -> WebURL {
        do throws(ProbeFailure) {
            return try WebURL(text)
        } catch {
            throw ProbeFailure(description: "Get \"\(text)\": \(error)")
        }
    }
}
