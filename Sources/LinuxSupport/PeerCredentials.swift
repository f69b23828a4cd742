// SPDX-License-Identifier: Apache-2.0
internal import CLinux
import Glibc

/// Who is at the other end of a Unix socket, as the kernel vouches for it.
package struct PeerCredentials: Hashable, Sendable {
    package var pid: ProcessID
    package var userID: UInt32
    package var groupID: UInt32

    package init(pid: ProcessID, userID: UInt32, groupID: UInt32) {
        self.pid = pid
        self.userID = userID
        self.groupID = groupID
    }

    /// Asks the kernel about a connected socket.
    package init(socket: Int32) throws(SystemError) {
        var pid: pid_t = 0
        var userID: uid_t = 0
        var groupID: gid_t = 0
        let number = clinux_peer_credentials(socket, &pid, &userID, &groupID)
        guard number == 0 else { throw SystemError(number: number, operation: "ask for the peer's credentials") }
        self.init(pid: ProcessID(rawValue: pid), userID: userID, groupID: groupID)
    }
}
