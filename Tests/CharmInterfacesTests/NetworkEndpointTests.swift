// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import Testing

@Suite struct NetworkEndpointTests {
    @Test(arguments: [
        ("db.example.com:5432", "db.example.com", 5432), ("[::1]:6379", "::1", 6379), ("10.0.0.1", "10.0.0.1", 5432),
        (" db:1 ", "db", 1), ("[fe80::1]", "fe80::1", 5432),
    ])
    func `a host and port are read`(text: String, host: String, port: Int) {
        let endpoint = NetworkEndpoint(text, defaultPort: 5432)
        #expect(endpoint?.host == host)
        #expect(endpoint?.port == port)
    }

    @Test(arguments: [
        "", ":1", "host:0", "host:65536", "host:x", "a b/c:1", "db : 1", "a b:1", "user@host:1", "[::1:1", "[::1]x",
        "-o:1", "h\u{0}:1",
    ])
    func `what is not a host and port is nil`(text: String) {
        #expect(NetworkEndpoint(text, defaultPort: 5432) == nil)
    }
}
