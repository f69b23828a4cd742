// SPDX-License-Identifier: Apache-2.0
import Glibc

/// How many descriptors this process may have open.
package enum DescriptorLimit {
    /// The limit that holds now.
    package static var current: UInt64 { limits().map { UInt64($0.rlim_cur) } ?? 1024 }

    /// Raises the limit as far as it goes.
    ///
    /// Programs that still use `select` are the reason why it is low at first, so what is started from here should get
    /// the old one back: see ``SpawnRequest/descriptorLimit``.
    ///
    /// - Returns: the limit there was before, nil if it was not raised.
    package static func raise() -> UInt64? {
        guard var limits = limits(), limits.rlim_cur < limits.rlim_max else { return nil }
        let before = limits.rlim_cur
        limits.rlim_cur = limits.rlim_max
        return setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 ? UInt64(before) : nil
    }

    private static func limits() -> rlimit? {
        var limits = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 ? limits : nil
    }
}
