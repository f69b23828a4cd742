// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

@Suite struct ServerURLTests {
    @Test func `all parts are read, with what is written in percents`() throws {
        let url = try ServerURL.postgresql(
            "postgresql://in%40dico:p%2Fa%3Ass@db.example.com:6543/events?sslmode=require"
        )
        #expect(
            url
                == ServerURL(
                    scheme: "postgresql",
                    user: "in@dico",
                    password: "p/a:ss",
                    host: "db.example.com",
                    port: 6543,
                    name: "events"
                )
        )
    }

    @Test func `a port may be left out, and an address may be IPv6`() throws {
        #expect(try ServerURL.redis("redis://cache", option: "--redis-cache").port == 6379)
        let url = try ServerURL.redis("redis://:secret@[::1]:7000/0", option: "--redis-cache")
        #expect(url.host == "[::1]")
        #expect(url.port == 7000)
        #expect(url.password == "secret")
    }

    @Test(arguments: [
        "mysql://u:p@h/d", "postgresql://u:p@/d", "postgresql://u@h/d", "postgresql://u:p@h", "postgresql://u:p@h:0/d",
        "postgresql://u:%zz@h/d", "nonsense",
    ])
    func `what cannot be used is refused without repeating the password`(text: String) {
        let error = #expect(throws: OperatorError.self) { try ServerURL.postgresql(text) }
        #expect(error?.message.hasPrefix("--database-uri") ?? false)
        #expect(!(error?.description.contains("u:p@") ?? true))
    }

    @Test func `a numbered Redis database is refused, as the interface carries none`() {
        #expect(throws: OperatorError.self) { try ServerURL.redis("redis://h/3", option: "--redis-broker") }
    }
}
