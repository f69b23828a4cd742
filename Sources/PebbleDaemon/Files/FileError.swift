// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import PebbleAPI

/// What went wrong with one path, as clients are told.
struct FileError: Error, Equatable {
    var message: String
    var kind: ErrorKind

    init(_ message: String, kind: ErrorKind = .genericFileError) {
        self.message = message
        self.kind = kind
    }

    init(_ error: SystemError) {
        let kind: ErrorKind =
            error.isNotFound ? .notFound : error.isPermissionDenied ? .permissionDenied : .genericFileError
        self.init(error.description, kind: kind)
    }

    var result: ErrorResult { ErrorResult(message: message, kind: kind) }

    /// Turns whatever went wrong into this.
    static func of(_ error: any Error) -> FileError {
        switch error {
        case let error as FileError: error
        case let error as SystemError: FileError(error)
        default: FileError("\(error)")
        }
    }
}
