// SPDX-License-Identifier: Apache-2.0
package import CharmInterfaces
import CharmKit
package import PebbleAPI

/// Where backups are kept.
package enum BackupPlace: Hashable, Sendable {
    /// A directory of the workload that outlives it.
    case directory(String)
    /// A bucket.
    case bucket(S3Bucket)

    /// The place as the workload's module is told; it holds the bucket's keys, so it only goes by standard input or in
    /// a file of mode 0600.
    package var request: JSONValue {
        switch self {
        case .directory(let path): return .object(["directory": .string(path)])
        case .bucket(let bucket):
            var values: [String: JSONValue] = [
                "bucket": .string(bucket.name), "access-key": .string(bucket.accessKey),
                "secret-key": .string(bucket.secretKey),
            ]
            if let endpoint = bucket.endpoint { values["endpoint"] = .string("\(endpoint)") }
            if let region = bucket.region { values["region"] = .string(region) }
            if let path = bucket.path { values["path"] = .string(path) }
            if let addressing = bucket.addressing { values["path-style"] = .bool(addressing == .path) }
            if !bucket.certificateChain.isEmpty {
                values["authority"] = .string(bucket.certificateChain.joined(separator: "\n"))
            }
            return .object(values)
        }
    }
}

/// Finds the place for backups: the related bucket, else the directory where there is one.
struct BackupPlaceSearch {
    let model: Model
    let container: Container
    let layout: WorkloadLayout

    /// What to tell an operator who has given no place.
    static let remedy = "integrate the endpoint backups with an s3 application, or attach the storage backups"

    /// Looks for the place.
    ///
    /// - Returns: The place; `absent` when none was given.
    /// - Throws: ``ContainerError`` or `HookToolError` when it cannot be told.
    func find() throws -> RelationReading<BackupPlace> {
        switch try S3.read(Endpoint.backups, model) {
        case .ready(let bucket): return .ready(.bucket(bucket))
        case .waiting(let what): return .waiting("relation backups: \(what)")
        case .invalid(let reason): return .invalid("relation backups: \(reason)")
        case .absent: break
        }
        // The image has no such directory: it is there when storage was attached, and on one machine.
        guard try container.fileInfo(layout.backups) != nil else { return .absent }
        return .ready(.directory(layout.backups))
    }

    /// The place, or why there is none, for an action.
    func required() throws -> BackupPlace {
        switch try find() {
        case .ready(let place): return place
        case .absent: throw ActionError.failed("there is no place for backups: \(Self.remedy)")
        case .waiting(let what): throw ActionError.failed("waiting for \(what)")
        case .invalid(let reason): throw ActionError.failed(reason)
        }
    }
}
