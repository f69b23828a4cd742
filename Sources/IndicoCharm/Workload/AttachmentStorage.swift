// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces

/// What `indico.conf` says of where files are kept.
///
/// The archive's directory always stays a place: files that were put there before a bucket came are still read from it.
enum AttachmentStorage {
    /// The plugin that knows buckets.
    static let plugin = "storage_s3"

    static func assignments(
        _ bucket: S3Bucket?,
        layout: WorkloadLayout
    ) -> [(name: String, value: PythonLiteral)] {
        let local = PythonLiteral.string("fs:\(layout.archive)")
        guard let bucket else {
            return [
                ("STORAGE_BACKENDS", .dictionary(["default": local])),
                ("ATTACHMENT_STORAGE", .string("default")),
            ]
        }
        return [
            ("STORAGE_BACKENDS", .dictionary(["default": local, "s3": .string(text(bucket))])),
            ("ATTACHMENT_STORAGE", .string("s3")),
        ]
    }

    /// The bucket as the plugin reads it.
    private static func text(_ bucket: S3Bucket) -> String {
        var parts = ["bucket=\(bucket.name)", "access_key=\(bucket.accessKey)", "secret_key=\(bucket.secretKey)"]
        // Visitors need not reach the bucket: what they download comes through Indico, which asks who they are.
        parts.append("proxy=true")
        if let endpoint = bucket.endpoint { parts.append("host=\(endpoint)") }
        if let addressing = bucket.addressing { parts.append("addressing_style=\(addressing.rawValue)") }
        return "s3:" + parts.joined(separator: ",")
    }

    /// What Amazon's library is told beside that: the plugin has no words for it.
    static func variables(_ bucket: S3Bucket?, layout: WorkloadLayout) -> [String: String] {
        var result: [String: String] = [:]
        if let region = bucket?.region { result["AWS_DEFAULT_REGION"] = region }
        if bucket?.endpoint != nil {
            // Amazon's newer checksums, sent after the content, are refused by servers of others.
            result["AWS_REQUEST_CHECKSUM_CALCULATION"] = "when_required"
            result["AWS_RESPONSE_CHECKSUM_VALIDATION"] = "when_required"
        }
        if let bucket, !bucket.certificateChain.isEmpty { result["AWS_CA_BUNDLE"] = layout.bucketAuthority }
        return result
    }
}
