// SPDX-License-Identifier: Apache-2.0

import CharmKit
import Glibc
import LinuxSupport
import Testing

/// The built products lie beside the running tests.
let productsDirectory: String = {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { bytes in
        bytes.withMemoryRebound(to: CChar.self) { text in
            text.baseAddress.map { readlink("/proc/self/exe", $0, text.count) } ?? -1
        }
    }
    let path = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    return path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
}()

/// A directory of links to the real hook-tool, and room for a socket.
final class ToolsDirectory {
    let path: String
    var socket: String { path + "/agent.socket" }

    init() throws {
        var template = Array("/tmp/hook-tool-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw HandlerFailure() }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for tool in ToolName.allCases {
            guard symlink("\(productsDirectory)/hook-tool", "\(path)/\(tool.rawValue)") == 0 else {
                throw HandlerFailure()
            }
        }
    }

    deinit {
        for tool in ToolName.allCases { unlink("\(path)/\(tool.rawValue)") }
        unlink(socket)
        rmdir(path)
    }
}

/// Writes a script, in a process of its own.
///
/// Were it written here, a test that starts a process at that moment would hand it the open file, and starting the
/// script would fail as long as it is open for writing.
func writeScript(_ text: String, to path: String) async throws {
    let command = Command(
        "sh",
        ["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh", path],
        environment: ["PATH": "/usr/bin:/bin"],
        input: Array(text.utf8)
    )
    let result = try await CommandRunner(reaper: ProcessReaper()).run(command)
    try #require(result.isSuccess, "\(result.errorText)")
}
