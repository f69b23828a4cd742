// SPDX-License-Identifier: Apache-2.0
import MetricsText
import OneMachine
import Testing

@testable import OperatorCommands

@Suite struct TopTests {
    private func sample(_ requests: Int, late: Int, busy: Int) throws -> LoadSample {
        let statsd = try MetricsDocument(
            """
            nginx_request_duration_seconds_count{route="event"} \(requests)
            nginx_request_duration_seconds_bucket{route="event",le="0.1"} \(requests - late)
            nginx_request_duration_seconds_bucket{route="event",le="2"} \(requests)
            nginx_request_duration_seconds_bucket{route="event",le="+Inf"} \(requests)
            nginx_request_duration_seconds_count{route="health"} 9000
            uwsgi_busy_workers \(busy)
            uwsgi_idle_workers \(4 - busy)

            """
        )
        return LoadSample(statsd: statsd, celery: nil, operator: nil)
    }

    @Test func `rates and latency are of the time between two looks, health checks left out`() throws {
        var board = TopBoard(width: 10)
        board.add(try sample(160, late: 10, busy: 3), since: try sample(100, late: 0, busy: 1), seconds: 2)
        #expect(board.plainLine.hasPrefix("requests/s=30 p95=2s busy=3of4 listen-queue=- tasks/s=-"))
        board.add(try sample(220, late: 10, busy: 0), since: try sample(160, late: 10, busy: 3), seconds: 2)
        #expect(board.plainLine.hasPrefix("requests/s=30 p95=0.1s busy=0of4 "))
        #expect(board.lines[0] == "requests a second            30  ██")
        #expect(board.lines[2] == "busy workers             0 of 4  █▁")
    }

    @Test func `an exporter that started again is no negative rate, and silence is no zero`() throws {
        var board = TopBoard(width: 10)
        board.add(try sample(5, late: 0, busy: 0), since: try sample(100, late: 0, busy: 0), seconds: 2)
        #expect(board.plainLine.hasPrefix("requests/s=0 p95=- "))
        let nothing = LoadSample(statsd: nil, celery: nil, operator: nil)
        board.add(nothing, since: nothing, seconds: 2)
        #expect(board.plainLine.hasPrefix("requests/s=- p95=- busy=- "))
        #expect(board.lines[2].hasSuffix("█ ") || board.lines[2].hasSuffix("▁ "))
    }

    @Test func `a row of bars keeps its width`() {
        var line = Sparkline(width: 4)
        for value in [9.0, 0, 4, 8, nil] { line.append(value) }
        #expect(line.text == "▁▄█ ")
    }
}
