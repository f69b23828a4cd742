// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

/// Why a call to Pebble did not do what was asked.
public enum PebbleClientError: Error, Hashable, Sendable {
    /// Nobody answers at the socket, or the connection broke.
    ///
    /// - request: what was asked, such as `Get "http://localhost/v1/services"`.
    /// - reason: what the system says, such as `socket "/x/.pebble.socket" not found`.
    case notReachable(request: String, reason: String)
    /// The call took longer than it may.
    case timedOut(request: String, after: Duration)
    /// Pebble refused.
    case refused(status: Int, error: ErrorResult)
    /// What came back is not what Pebble sends.
    case badReply(request: String, reason: String)
    /// The change was made, and went wrong.
    case changeFailed(ChangeInfo)
    /// The file operation went wrong for one path.
    case fileFailed(path: String, error: ErrorResult)
}

extension PebbleClientError {
    /// The HTTP status Pebble refused with.
    public var status: Int? {
        if case .refused(let status, _) = self { status } else { nil }
    }

    /// What went wrong, for programs.
    public var kind: ErrorKind? {
        switch self {
        case .refused(_, let error), .fileFailed(_, let error): error.kind
        case .notReachable, .timedOut, .badReply, .changeFailed: nil
        }
    }

    /// Whether it went wrong because something is not there.
    public var isNotFound: Bool {
        kind == .notFound || status == 404
    }
}

extension PebbleClientError: CustomStringConvertible {
    /// What went wrong, in the words users of Pebble know.
    public var description: String {
        switch self {
        case .notReachable(let request, let reason): "cannot communicate with server: \(request): \(reason)"
        case .timedOut(let request, let duration):
            "cannot communicate with server: \(request): no answer within \(GoDuration(duration))"
        case .refused(_, let error): error.message
        case .badReply(let request, let reason): "cannot understand server: \(request): \(reason)"
        case .changeFailed(let change): change.error ?? "change \(change.id) finished with status \(change.status)"
        case .fileFailed(_, let error): error.message
        }
    }
}
