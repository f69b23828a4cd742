// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why the unit agent could not be asked.
public enum AgentConnectionError: Error, Hashable, CustomStringConvertible {
    /// The variable that says where the agent listens, or which dispatch this is, is not set.
    case notInHook(missingVariable: String)
    /// The agent listens in a way this client does not speak.
    case unsupportedNetwork(String)
    /// The socket's path is longer than the kernel allows.
    case pathTooLong(String)
    /// A system call failed.
    case system(operation: String, address: String, errno: Int32)
    /// The agent closed the connection instead of answering.
    case closed(address: String)
    /// What went over the connection is not a frame.
    case protocolError(FrameError)

    /// What happened, in words.
    public var description: String {
        switch self {
        case .notInHook(let variable):
            "cannot find the unit agent: \(variable) is not set (hook tools work inside a hook or action only)"
        case .unsupportedNetwork(let network): "cannot reach the unit agent: network \"\(network)\" is not supported"
        case .pathTooLong(let path): "cannot reach the unit agent: the socket path is longer than 107 bytes: \(path)"
        case .system(let operation, let address, let code):
            "cannot reach the unit agent at \(address): \(operation): \(String(cString: strerror(code)))"
        case .closed(let address): "cannot reach the unit agent at \(address): it closed the connection without a reply"
        case .protocolError(let error): "cannot talk to the unit agent: \(error)"
        }
    }
}

/// A connection to the unit agent's hook-tool socket; requests go one after the other.
///
/// Blocking by intent: a hook tool and a charm have nothing else to do while the agent works, and some tools
/// (`resource-get`) take as long as a download, so there is no time limit either.
public final class AgentConnection {
    private let address: String
    private let descriptor: Int32
    private var decoder = FrameDecoder()

    /// Connects to the agent.
    ///
    /// - Parameter address: The socket's path; a leading `@` names an abstract socket.
    /// - Throws: ``AgentConnectionError`` when the path is too long or nobody listens there.
    public init(address: String) throws(AgentConnectionError) {
        self.address = address
        let name = Array(address.utf8)
        var socketAddress = sockaddr_un()
        socketAddress.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: socketAddress.sun_path)
        guard name.count < capacity else { throw .pathTooLong(address) }
        withUnsafeMutableBytes(of: &socketAddress.sun_path) { path in
            path.copyBytes(from: name)
            if name.first == UInt8(ascii: "@") { path[0] = 0 }
        }
        // An abstract name is as long as the length says; a path ends at its null byte.
        let length = MemoryLayout<sa_family_t>.size + name.count + (name.first == UInt8(ascii: "@") ? 0 : 1)

        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system(operation: "socket", address: address, errno: errno) }
        let result = withUnsafePointer(to: &socketAddress) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(length))
            }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw .system(operation: "connect", address: address, errno: code)
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Sends a request and waits for its reply.
    ///
    /// - Parameter request: What to run.
    /// - Returns: What the tool answered, also when it failed.
    /// - Throws: ``AgentConnectionError`` when the agent cannot be asked or does not answer.
    public func send(_ request: ToolRequest) throws(AgentConnectionError) -> ToolReply {
        let bytes: [UInt8]
        do throws(FrameError) { bytes = try request.frame.encoded() } catch { throw .protocolError(error) }
        try write(bytes)
        let frame = try receive()
        do throws(FrameError) { return try ToolReply(frame: frame) } catch { throw .protocolError(error) }
    }

    private func write(_ bytes: [UInt8]) throws(AgentConnectionError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(operation: "send", address: address, errno: errno)
            }
            sent += count
        }
    }

    private func receive() throws(AgentConnectionError) -> Frame {
        while true {
            do throws(FrameError) {
                if let frame = try decoder.next() { return frame }
            } catch {
                throw .protocolError(error)
            }
            let (count, number) = withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { piece in
                let count = recv(descriptor, piece.baseAddress, piece.count, 0)
                if count > 0 { decoder.append(piece[..<count]) }
                return (count, errno)
            }
            if count < 0 {
                if number == EINTR { continue }
                throw .system(operation: "receive", address: address, errno: number)
            }
            guard count > 0 else {
                throw decoder.isAtBoundary ? .closed(address: address) : .protocolError(.truncated)
            }
        }
    }
}
