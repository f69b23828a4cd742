// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Brings the cursor back when a command is interrupted while it draws.
enum CursorGuard {
    static func install() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                // Only what a signal handler may do: one write, and the end.
                var bytes: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (
                    0x1B, 0x5B, 0x3F, 0x32, 0x35, 0x68, 0x0A
                )
                _ = write(STDOUT_FILENO, &bytes, 7)
                _exit(128 + number)
            }
        }
    }
}
