// SPDX-License-Identifier: Apache-2.0
package import CharmInterfaces
package import CharmKit

/// What optional applications give Indico.
package struct ExternalServices: Hashable, Sendable {
    /// Where attachments are kept; nil for the archive's directory.
    package var bucket: S3Bucket?
    /// Where people sign in by SAML.
    package var identities: SAMLIdentityProvider?
    /// The proxies for what goes out.
    package var proxy: ProxyVariables?
    /// Where traces go.
    package var traces: WebURL?
    /// Where logs go, by the unit that takes them.
    package var logs: [UnitName: WebURL]
    /// Where in Juju this unit is.
    package var topology: JujuTopology?

    package init(
        bucket: S3Bucket? = nil,
        identities: SAMLIdentityProvider? = nil,
        proxy: ProxyVariables? = nil,
        traces: WebURL? = nil,
        logs: [UnitName: WebURL] = [:],
        topology: JujuTopology? = nil
    ) {
        self.bucket = bucket
        self.identities = identities
        self.proxy = proxy
        self.traces = traces
        self.logs = logs
        self.topology = topology
    }
}

/// The proxies for what goes out, as environment variables have them.
package struct ProxyVariables: Hashable, Sendable {
    package var http: String?
    package var https: String?
    package var none: String?

    /// The proxies a relation gives, else those the model sets; nil when there are none.
    ///
    /// - Parameters:
    ///   - relation: What a relation gives.
    ///   - model: What the model sets.
    package init?(relation: OutgoingProxy?, model: ProxySettings) {
        if let relation {
            http = relation.url(relation.http)
            https = relation.url(relation.https)
        } else {
            (http, https) = (model.http, model.https)
        }
        guard http != nil || https != nil else { return nil }
        // Our own address is never behind a proxy.
        none = (["127.0.0.1", "localhost"] + (model.none ?? "").split(separator: ",").map(String.init))
            .reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.joined(separator: ",")
    }

    /// The variables, in both spellings: some programs know only one.
    package var variables: [String: String] {
        var result: [String: String] = [:]
        for (name, value) in [("HTTP_PROXY", http), ("HTTPS_PROXY", https), ("NO_PROXY", none)] {
            guard let value else { continue }
            result[name] = value
            result[name.lowercased()] = value
        }
        return result
    }
}

extension S3Bucket {
    /// Why Indico cannot keep files in this bucket, if it cannot: its plugin takes a bucket as one text, with commas.
    var problem: String? {
        let values = [
            ("bucket", name), ("access-key", accessKey), ("secret-key", secretKey),
            ("endpoint", endpoint?.description ?? ""),
        ]
        return values.first { $0.1.contains(",") }.map { "\($0.0): has a comma, which Indico cannot take" }
    }
}
