// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Our own programs, copied to where every account involved may run them.
///
/// They are copied rather than linked to the build directory: that may be in a home nobody else may enter, and a
/// build must not change what a running installation starts next.
package enum Programs {
    /// Copies what differs.
    ///
    /// Returns the programs that changed.
    package static func install(from directory: String, to state: StateDirectory) throws -> [ProgramName] {
        try FileStore.makeDirectory(state.programs, mode: 0o755)
        var changed: [ProgramName] = []
        for name in ProgramName.allCases {
            let source = directory + "/" + name.rawValue
            if source == state.program(name) { continue }
            guard let content = try FileStore.read(source) else {
                throw OperatorError(
                    "the program \(name.rawValue) is not in \(directory)",
                    remedy: "Build all of them: swift build -c release --static-swift-stdlib"
                )
            }
            if try FileStore.write(content, to: state.program(name), mode: 0o755) { changed.append(name) }
        }
        return changed
    }

    /// The directory of the program that runs now.
    package static func ownDirectory() throws(OperatorError) -> String {
        guard let path = FileStore.linkTarget("/proc/self/exe"), let slash = path.lastIndex(of: "/") else {
            throw OperatorError("cannot tell where this program is: /proc is not mounted")
        }
        return String(path[..<slash])
    }
}
