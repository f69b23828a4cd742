// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

/// What can be done to identities.
public enum IdentitiesAction: String, Sendable, Hashable, CaseIterable {
    /// Add new ones; existing ones are an error.
    case add
    /// Change existing ones; new ones are an error.
    case update
    /// Add, change, and with nil remove.
    case replace
    /// Remove; every value must be nil.
    case remove
}

extension PebbleClient {
    /// Lists identities by name, with their secrets blanked.
    public func identities() throws(PebbleClientError) -> [String: IdentityInfo] {
        try result(get("/v1/identities"), [String: IdentityInfo].self)
    }

    /// Changes identities.
    ///
    /// - Parameters:
    ///   - action: what to do.
    ///   - identities: with which, by name; nil for null.
    /// - Throws: ``PebbleClientError``.
    public func changeIdentities(
        _ action: IdentitiesAction,
        _ identities: [String: IdentityInfo?]
    ) throws(PebbleClientError) {
        let request = try post(
            "/v1/identities",
            IdentitiesRequest(action: action.rawValue, identities: identities)
        )
        _ = try envelope(reply(request), JSONValue.self, of: request)
    }
}
