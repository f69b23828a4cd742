// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import MetricsServer
import MetricsText
import Synchronization
import Testing

@testable import StatsDExporter

@Suite struct RelayTests {
    @Test func `lines are gathered into packets of the size`() {
        var buffer = RelayBuffer(packetLength: 10)
        #expect(buffer.take(Array("a:1|c\nb:2|c".utf8)) == [Array("a:1|c\n".utf8)])
        #expect(buffer.take(Array("\n\n\(String(repeating: "x", count: 10))\n".utf8)) == [])
        #expect(buffer.flush() == [Array("b:2|c\n".utf8)])
        #expect(buffer.flush() == [])
        #expect(buffer.lines == 2 && buffer.longLines == 1)
    }

    @Test func `another server gets what came in`() throws {
        let other = try DatagramSocket.udp(host: "127.0.0.1", port: 0)
        let port = try #require(other.port)
        let relay = try Relay(to: "127.0.0.1:\(port)", packetLength: 1400)
        relay.take(Array("a:1|c\nb:2|g".utf8))
        relay.flush()
        let received = Mutex<[UInt8]>([])
        try other.receive { packet in
            received.withLock { $0 = packet }
            other.stop()
        }
        #expect(received.withLock { $0 } == Array("a:1|c\nb:2|g\n".utf8))
        let families = relay.families()
        #expect(families.map(\.name).contains("statsd_exporter_relay_packets_total"))
        #expect(throws: ListenFailure.self) { try Relay(to: "nowhere.invalid:1", packetLength: 10) }
        #expect(throws: ListenFailure.self) { try Relay(to: ":1", packetLength: 10) }
    }

    @Test func `the kernel's own count of dropped packets is read`() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
             1: 0100007F:23A5 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 7
             2: 00000000:23A5 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 5
             3: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 9
            """
        #expect(KernelDrops.count(in: table, port: 9125) == 12)
        #expect(KernelDrops.count(in: table, port: 53) == 9)
        #expect(KernelDrops.count(in: table, port: 54) == 0)
    }

    @Test func `the tree of globs is drawn`() {
        var globs = GlobMatcher(literalsFirst: false)
        globs.add("a.*.c", rule: 0, kind: nil)
        globs.add("a.b", rule: 1, kind: nil)
        #expect(
            globs.graph == """
                digraph g {
                rankdir=LR
                node [label="",style=filled,fillcolor=white,shape=circle]
                0 [color="#a94442",fillcolor="#f2dede"];
                0 -> 1 [label = "a"];
                1 -> 4 [label = "b"];
                1 -> 2 [label = "*"];
                2 -> 3 [label = "c"];
                3 [color="#82B366",fillcolor="#D5E8D4"];
                4 [color="#82B366",fillcolor="#D5E8D4"];
                }

                """
        )
    }
}
