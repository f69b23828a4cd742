// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import Glibc
import LinuxSupport
import Testing

/// The connection to an agent that takes frames, and what happens when it does not after all.
@Suite struct TransportTests {
    /// The executables' place: remembers what it was asked.
    private final class Executables: HookTools {
        var tools: [ToolName] = []

        func run(_ tool: ToolName, _ arguments: [String], input: [UInt8]?) throws(HookToolError) -> ToolReply {
            tools.append(tool)
            return ToolReply(output: "true\n")
        }
    }

    /// Something that listens where the agent should, and does the same to every connection.
    private final class Listener {
        let path: String
        private let descriptor: Int32

        // `reply` is sent to whatever arrives; nil closes the connection instead.
        init(_ directory: ToolsDirectory, replies: [[UInt8]?]) throws {
            path = directory.socket
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(directory.socket.utf8)) }
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0 && listen(descriptor, 4) == 0)
            let listener = descriptor
            try startThread(named: "listener") {
                while true {
                    let connection = accept(listener, nil, nil)
                    guard connection >= 0 else { return }
                    var piece = [UInt8](repeating: 0, count: 4096)
                    for reply in replies {
                        guard recv(connection, &piece, piece.count, 0) > 0, let reply else { break }
                        _ = reply.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                    }
                    close(connection)
                }
            }
        }

        deinit {
            shutdown(descriptor, Int32(SHUT_RDWR))
            close(descriptor)
        }
    }

    private func transport(_ directory: ToolsDirectory, _ executables: Executables?) -> SocketHookTools {
        let address = AgentAddress(path: directory.socket, contextID: "c")
        return SocketHookTools(address: address, workingDirectory: "/", fallback: executables)
    }

    private func bytes(_ reply: ToolReply) throws -> [UInt8] { try reply.frame.encoded() }

    @Test func `all calls of a dispatch go over one connection`() throws {
        let directory = try ToolsDirectory()
        let reply = try bytes(ToolReply(output: "1\n"))
        // A second connection would get the first reply only, and then be closed.
        let listener = try Listener(directory, replies: [reply, reply, reply, reply, nil])
        let executables = Executables()
        let tools = transport(directory, executables)
        for _ in 1...4 { #expect(try tools.run(.configGet, [], input: nil).output == "1\n") }
        #expect(executables.tools.isEmpty)
        _ = listener
    }

    @Test func `where nobody listens the executables do it, writing too, for the rest of the dispatch`() throws {
        let executables = Executables()
        let tools = transport(try ToolsDirectory(), executables)
        #expect(try tools.run(.stateSet, ["a=b"], input: nil).output == "true\n")
        #expect(try tools.run(.isLeader, [], input: nil).output == "true\n")
        #expect(executables.tools == [.stateSet, .isLeader])
    }

    @Test func `an agent of another version says so, and the executables do it`() throws {
        let directory = try ToolsDirectory()
        let refusal = ToolReply(failure: "bad request: \(FrameError.unsupportedVersion("1"))")
        let listener = try Listener(directory, replies: [try bytes(refusal)])
        let executables = Executables()
        #expect(try transport(directory, executables).run(.secretAdd, ["a=b"], input: nil).output == "true\n")
        #expect(executables.tools == [.secretAdd])
        _ = listener
    }

    @Test func `a connection that breaks is tried another way only where nothing can have been done`() throws {
        let directory = try ToolsDirectory()
        let listener = try Listener(directory, replies: [nil])
        let executables = Executables()
        let error = #expect(throws: HookToolError.self) {
            try transport(directory, executables).run(.secretAdd, ["a=b"], input: nil)
        }
        #expect(error?.kind == .unavailable)
        #expect(executables.tools.isEmpty)
        #expect(try transport(directory, executables).run(.configGet, [], input: nil).output == "true\n")
        #expect(executables.tools == [.configGet])
        _ = listener
    }

    @Test func `what speaks something else than frames is no agent`() throws {
        let directory = try ToolsDirectory()
        let listener = try Listener(directory, replies: [Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)])
        let executables = Executables()
        #expect(try transport(directory, executables).run(.configGet, [], input: nil).output == "true\n")
        _ = listener
    }

    @Test func `an agent that answered once is the agent: when it goes, the call fails`() throws {
        let directory = try ToolsDirectory()
        let listener = try Listener(directory, replies: [try bytes(ToolReply(output: "1\n")), nil])
        let executables = Executables()
        let tools = transport(directory, executables)
        #expect(try tools.run(.configGet, [], input: nil).output == "1\n")
        let error = #expect(throws: HookToolError.self) { try tools.run(.configGet, [], input: nil) }
        #expect(error?.kind == .unavailable)
        #expect(executables.tools.isEmpty)
        _ = listener
    }

    @Test func `without another way the failure says what happened`() throws {
        let directory = try ToolsDirectory()
        let error = #expect(throws: HookToolError.self) {
            try transport(directory, nil).run(.configGet, [], input: nil)
        }
        #expect(error?.message.contains("cannot reach the unit agent at \(directory.socket)") == true)
    }
}
