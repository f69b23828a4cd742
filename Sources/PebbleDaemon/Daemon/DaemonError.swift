// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// Why the daemon does not do what it was asked to, without a word of HTTP.
struct DaemonError: Error, Equatable, CustomStringConvertible {
    enum Code: Equatable, Sendable {
        /// The request makes no sense.
        case invalid
        /// The thing it is about is not there.
        case notFound
        /// The caller may not.
        case forbidden
        /// The caller is nobody who may.
        case unauthenticated
        /// It took too long.
        case timedOut
        /// It was tried and went wrong.
        case failed
    }

    var code: Code
    var message: String
    var kind: ErrorKind?

    init(_ code: Code, _ message: String, kind: ErrorKind? = nil) {
        self.code = code
        self.message = message
        self.kind = kind
    }

    var description: String { message }
}
