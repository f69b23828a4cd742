// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import MetricsServer

@Suite struct ListenAddressTests {
    @Test(
        arguments: [
            (":9102", nil, 9102), ("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:80", "::1", 80),
            ("localhost:65535", "localhost", 65535),
        ] as [(String, String?, Int)]
    )
    func `an address is read as flags write it`(text: String, host: String?, port: Int) throws {
        let address = try #require(ListenAddress(text))
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address.description == text)
    }

    @Test(arguments: ["", "9102", "::1:80", "a:", "a:65536", "a:-1", "a:b"])
    func `what is no address is refused`(text: String) {
        #expect(ListenAddress(text) == nil)
    }
}
