// SPDX-License-Identifier: Apache-2.0
import Synchronization

@testable import PebbleCommands

/// Keeps what a command writes.
final class Capture: Sendable {
    private let written = Mutex<(text: [UInt8], error: [UInt8])>(([], []))

    var output: Output {
        Output { [self] isError, bytes in
            written.withLock { written in
                if isError {
                    written.error += bytes
                } else {
                    written.text += bytes
                }
            }
        }
    }

    var text: String { written.withLock { String(decoding: $0.text, as: UTF8.self) } }
    var error: String { written.withLock { String(decoding: $0.error, as: UTF8.self) } }
}
