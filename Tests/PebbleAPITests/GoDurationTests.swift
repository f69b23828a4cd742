// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import Testing

@Suite struct GoDurationTests {
    @Test(arguments: [
        ("1h", "1h0m0s"), ("90m", "1h30m0s"), ("300ms", "300ms"), ("1.5s", "1.5s"), ("0", "0s"), ("0s", "0s"),
        ("-2m3.25s", "-2m3.25s"), ("1500us", "1.5ms"), ("3µs", "3µs"), ("17ns", "17ns"), ("168h", "168h0m0s"),
        ("1h1ns", "1h0m0.000000001s"), (".5s", "500ms"), ("1.s", "1s"),
        ("2562047h47m16.854775807s", "2562047h47m16.854775807s"),
    ])
    func `a duration is read and written as Go does`(text: String, written: String) throws {
        #expect(try GoDuration(parsing: text).description == written)
    }

    @Test(arguments: [
        ("soon", #"time: invalid duration "soon""#),
        ("5", #"time: missing unit in duration "5""#),
        ("", #"time: invalid duration """#),
        ("5 s", #"time: unknown unit " s" in duration "5 s""#),
        ("1d", #"time: unknown unit "d" in duration "1d""#),
        (".s", #"time: invalid duration ".s""#),
        ("-", #"time: invalid duration "-""#),
        ("99999999999h", #"time: invalid duration "99999999999h""#),
        ("9999999999999999999999s", #"time: invalid duration "9999999999999999999999s""#),
    ])
    func `what is no duration is refused in Go's words`(text: String, message: String) {
        #expect(throws: GoDurationError.self) { try GoDuration(parsing: text) }
        do throws(GoDurationError) {
            _ = try GoDuration(parsing: text)
        } catch {
            #expect(error.description == message)
        }
    }

    @Test func `any duration comes back as it was`() throws {
        for _ in 0..<2000 {
            let duration = GoDuration(.nanoseconds(Int64.random(in: -1_000_000_000_000_000...1_000_000_000_000_000)))
            #expect(try GoDuration(parsing: duration.description) == duration)
        }
    }
}

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"),
        ("2026-11-22T17:48:17.123456789Z", 1_795_369_697, 123_456_789, "2026-11-22T17:48:17.123456789Z"),
        ("2026-11-22T18:48:17.5+01:00", 1_795_369_697, 500_000_000, "2026-11-22T17:48:17.5Z"),
        ("2000-02-29t23:59:59z", 951_868_799, 0, "2000-02-29T23:59:59Z"),
        ("1969-12-31T23:59:59.25Z", -1, 250_000_000, "1969-12-31T23:59:59.25Z"),
    ])
    func `a time is read and written as RFC 3339`(
        text: String,
        seconds: Int64,
        nanoseconds: Int32,
        written: String
    ) throws {
        let time = try #require(Timestamp(text))
        #expect(time == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
        #expect(time.description == written)
    }

    @Test(arguments: [
        "", "yesterday", "2026-11-22", "2026-11-22T17:48:17", "2026-13-22T17:48:17Z", "2026-11-22T17:48:17.Z",
        "2026-11-22T17:48:17Zx",
    ])
    func `what is no time is refused`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `any time comes back as it was, and times subtract to what was added`() {
        for _ in 0..<2000 {
            let time = Timestamp(
                seconds: Int64.random(in: -60_000_000_000...200_000_000_000),
                nanoseconds: Int32.random(in: 0..<1_000_000_000)
            )
            #expect(Timestamp(time.description) == time)
            let step = Duration.nanoseconds(Int64.random(in: -10_000_000_000...10_000_000_000))
            #expect((time + step) - time == step)
        }
    }
}
