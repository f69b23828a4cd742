// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import Synchronization

/// Takes what comes over TCP or in datagrams on a port of its own, and keeps it.
final class SyslogSink: Sendable {
    let port: Int
    private let descriptor: Int32
    private let received = Mutex<[String]>([])

    /// Each datagram, or each piece of the stream.
    var pieces: [String] { received.withLock { $0 } }
    var text: String { pieces.joined() }

    init(isDatagram: Bool) throws {
        let type = Int32(isDatagram ? SOCK_DGRAM.rawValue : SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, type, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound, isDatagram || listen(descriptor, 16) == 0 else { throw SystemError.last("bind") }
        port = Int(UInt16(bigEndian: address.sin_port))
        self.descriptor = descriptor
        try startThread(named: "syslog") { [weak self] in
            if isDatagram {
                Self.read(descriptor) { self?.take($0) }
            } else {
                while true {
                    let connection = accept(descriptor, nil, nil)
                    guard connection >= 0 else { return }
                    Self.read(connection) { self?.take($0) }
                    close(connection)
                }
            }
        }
    }

    /// Ends the thread that reads, and with it the port.
    func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private func take(_ bytes: ArraySlice<UInt8>) {
        received.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
    }

    private static func read(_ descriptor: Int32, _ take: (ArraySlice<UInt8>) -> Void) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return }
            take(buffer[..<count])
        }
    }
}
