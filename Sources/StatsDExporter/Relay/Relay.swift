// SPDX-License-Identifier: Apache-2.0
import Glibc
import MetricsServer
import MetricsText
import Synchronization

/// Sends on what comes in, to another StatsD server over UDP: in packets, at the latest after a second.
final class Relay: Sendable {
    private struct State {
        var buffer: RelayBuffer
        var packets = 0
    }

    private let target: String
    private let descriptor: Int32
    private let state: Mutex<State>

    /// Looks the target up and makes a socket to it.
    ///
    /// - Parameters:
    ///   - target: The other server, `host:port`.
    ///   - packetLength: The most bytes of a packet.
    /// - Throws: `ListenFailure` when the target is not known.
    init(to target: String, packetLength: Int) throws(ListenFailure) {
        self.target = target
        state = Mutex(State(buffer: RelayBuffer(packetLength: packetLength)))
        do {
            descriptor = try Self.connected(target)
        } catch {
            throw ListenFailure("relaying StatsD", on: target, reason: error)
        }
    }

    deinit { close(descriptor) }

    /// Sends on the lines of a packet.
    func take(_ packet: [UInt8]) {
        state.withLock { state in
            let full = state.buffer.take(packet)
            send(full, &state)
        }
    }

    /// Sends what has gathered.
    func flush() {
        state.withLock { state in
            let rest = state.buffer.flush()
            send(rest, &state)
        }
    }

    /// What was sent on.
    func families() -> [MetricFamily] {
        let (lines, long, packets) = state.withLock { ($0.buffer.lines, $0.buffer.longLines, $0.packets) }
        func counter(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
            var family = MetricFamily("statsd_exporter_relay_" + name, .counter, help: help)
            family.append(Double(value), ["target": target])
            return family
        }
        return [
            counter("lines_relayed_total", "The number of lines that were buffered to be relayed.", lines),
            counter("long_lines_total", "The number lines that were too long to relay.", long),
            counter("packets_total", "The number of StatsD packets relayed.", packets),
        ]
    }

    private func send(_ packets: [[UInt8]], _ state: inout State) {
        for packet in packets {
            // Over UDP nobody waits for anybody: what the network does not take is lost, as it is on its way.
            let count = packet.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { state.packets += 1 }
        }
    }

    private struct Unknown: Error, CustomStringConvertible {
        let description: String
    }

    private static func connected(_ target: String) throws(Unknown) -> Int32 {
        guard let address = ListenAddress(target), let host = address.host else {
            throw Unknown(description: "a target is host:port")
        }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let outcome = getaddrinfo(host, String(address.port), &hints, &found)
        guard outcome == 0, let first = found else {
            throw Unknown(description: String(cString: gai_strerror(outcome)))
        }
        defer { freeaddrinfo(first) }
        let descriptor = socket(
            first.pointee.ai_family,
            Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue),
            first.pointee.ai_protocol
        )
        guard descriptor >= 0 else { throw Unknown(description: String(cString: strerror(errno))) }
        guard connect(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw Unknown(description: reason)
        }
        return descriptor
    }
}
