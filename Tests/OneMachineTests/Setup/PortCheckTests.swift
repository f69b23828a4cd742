// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine
import Testing

@Suite struct PortCheckTests {
    @Test func `a port somebody listens on is found busy, with the process that holds it`() throws {
        let listener = try Listener()
        let port = WantedPort(listener.port, purpose: "a test")
        #expect(!port.isFree())
        #expect(PortHolder.find(port)?.pid == .current)
        withExtendedLifetime(listener) {}
    }

    @Test func `a port nobody listens on is free`() throws {
        #expect(WantedPort(try freePort(), purpose: "a test").isFree())
    }

    @Test func `all busy ports are named at once`() {
        let error = #expect(throws: OperatorError.self) {
            try PortCheck.check(
                [WantedPort(8080, purpose: "the web server"), WantedPort(9125, .udp, purpose: "the StatsD exporter")],
                isFree: { _ in false },
                holder: {
                    $0.number == 8080 ? ProcessEntry(pid: ProcessID(rawValue: 42), arguments: ["httpd", "-f"]) : nil
                }
            )
        }
        #expect(error?.remedy.contains("port 8080/tcp for the web server is held by httpd -f (process 42)") ?? false)
        #expect(
            error?.remedy.contains("port 9125/udp for the StatsD exporter is held by a process of another user")
                ?? false
        )
    }

    @Test func `only sockets that wait on the port count in the kernel's table`() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1
               1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 222 1
               2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1
            """
        #expect(PortHolder.listeningInodes(in: table, port: WantedPort(8080, purpose: "")) == ["111"])
    }
}
