// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxSupport

/// Room on the disk, asked for before the work rather than found out half way through it.
package enum DiskSpace {
    /// What a fresh installation takes: the virtual environment 0.6 GB, builds, the cluster, and room to breathe.
    package static let neededForInstallation: UInt64 = 1_800_000_000
    /// What running needs at least: PostgreSQL stops when its disk is full.
    package static let neededForRunning: UInt64 = 200_000_000

    /// Bytes free to this user where the path is, or will be.
    package static func free(at path: String) throws(SystemError) -> UInt64 {
        var probe = path
        while !FileStore.exists(probe), let slash = probe.lastIndex(of: "/"), slash > probe.startIndex {
            probe = String(probe[..<slash])
        }
        var status = statvfs()
        guard statvfs(probe, &status) == 0 else { throw SystemError.last("see how much room there is at \(probe)") }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    /// Says what to do where there is not enough.
    package static func check(free: UInt64, needed: UInt64, path: String) throws(OperatorError) {
        guard free < needed else { return }
        throw OperatorError(
            "the disk that holds \(path) has \(megabytes(free)) MB free, and \(megabytes(needed)) MB are needed",
            remedy: "Make room, or give another place with --state-dir. Nothing was changed."
        )
    }

    private static func megabytes(_ bytes: UInt64) -> UInt64 { bytes / 1_000_000 }
}
