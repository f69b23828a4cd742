// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import PebbleAPI
import PebblePlan

/// How what goes wrong in the daemon is told over HTTP: the one place that knows both.
enum ErrorMapping {
    static func response(to error: any Error) -> APIResponse {
        switch error {
        case let error as DaemonError:
            return APIResponse.error(ErrorResult(message: error.message, kind: error.kind), status: status(error.code))
        case let error as FileError:
            let status = error.kind == .notFound ? 404 : error.kind == .permissionDenied ? 403 : 400
            return APIResponse.error(error.result, status: status)
        case let error as PlanError:
            return APIResponse.error(ErrorResult(message: error.description), status: 400)
        default:
            return APIResponse.error(ErrorResult(message: "\(error)"), status: 500)
        }
    }

    private static func status(_ code: DaemonError.Code) -> Int {
        switch code {
        case .invalid: 400
        case .unauthenticated: 401
        case .forbidden: 403
        case .notFound: 404
        case .failed: 500
        case .timedOut: 504
        }
    }
}
