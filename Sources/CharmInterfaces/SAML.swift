// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `saml` interface: an identity provider people sign in at.
///
/// We write nothing. The application says `entity_id`, perhaps `metadata_url`, `x509certs` as a list with commas of
/// certificates without their PEM lines, and for each of its services and methods `SERVICE_METHOD_url`, `_binding`
/// and perhaps `_response_url`, with the service's name in snake case and the method `redirect` or `post`.
public enum SAML {
    /// Reads the identity provider of an endpoint.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Returns: What reading came to.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func read(_ endpoint: String, _ model: Model) throws -> RelationReading<SAMLIdentityProvider> {
        try readOnlyRelation(endpoint, model) { read(try RemoteDatabags($0, withUnits: false)) }
    }

    /// Reads what a provider wrote.
    ///
    /// - Parameter databags: The provider's databags.
    /// - Returns: What reading came to.
    public static func read(_ databags: RemoteDatabags) -> RelationReading<SAMLIdentityProvider> {
        guard let entityID = databags.value("entity_id") else { return .waiting("entity_id") }
        guard let certificateList = databags.value("x509certs") else { return .waiting("x509certs") }
        let certificates = certificateList.split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }
            .filter { !$0.isEmpty }
        guard !certificates.isEmpty else { return .waiting("x509certs") }
        guard certificates.allSatisfy({ $0.utf8.allSatisfy(isBase64) }) else {
            return .invalid("x509certs: must list certificates in base64 without their BEGIN and END lines")
        }
        var provider = SAMLIdentityProvider(entityID: entityID, certificates: certificates)
        if let text = databags.value("metadata_url") {
            guard let url = WebURL(text) else { return .invalid("metadata_url: not an http or https URL") }
            provider.metadata = url
        }
        for key in databags.application.keys.sorted() {
            switch endpoint(key, databags) {
            case .ready(let endpoint): provider.endpoints.append(endpoint)
            case .invalid(let reason): return .invalid(reason)
            case .waiting(let what): return .waiting(what)
            case .absent: continue
            }
        }
        guard provider.endpoints.contains(where: { $0.service == SAMLIdentityProvider.signOn }) else {
            return .waiting("single_sign_on_service_redirect_url or single_sign_on_service_post_url")
        }
        return .ready(provider)
    }

    /// The endpoint a key starts; absent when it starts none.
    private static func endpoint(
        _ key: String,
        _ databags: RemoteDatabags
    ) -> RelationReading<SAMLIdentityProvider.Endpoint> {
        for method in ["redirect", "post"] where key.hasSuffix("_\(method)_url") {
            let name = key.dropLast(5 + method.utf8.count)
            guard !name.isEmpty, let address = databags.value(key) else { return .absent }
            guard isWebAddress(address) else { return .invalid("\(key): not an http or https URL") }
            guard let binding = databags.value("\(name)_\(method)_binding") else {
                return .waiting("\(name)_\(method)_binding")
            }
            let response = databags.value("\(name)_\(method)_response_url")
            if let response, !isWebAddress(response) {
                return .invalid("\(name)_\(method)_response_url: not an http or https URL")
            }
            let service = name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
            return .ready(.init(service: service, url: address, binding: binding, responseURL: response))
        }
        return .absent
    }

    /// Whether a text is a web address; it is kept as it came, as a provider compares it byte by byte.
    private static func isWebAddress(_ text: String) -> Bool { WebURL(text) != nil }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}

/// An identity provider people sign in at.
public struct SAMLIdentityProvider: Sendable, Hashable {
    /// One service of the provider under one binding.
    public struct Endpoint: Sendable, Hashable {
        /// The service's name as SAML's metadata have it, for example `SingleSignOnService`.
        public var service: String
        /// Where it is.
        public var url: String
        /// The URN of the binding.
        public var binding: String
        /// Where responses go, when elsewhere.
        public var responseURL: String?

        /// Creates an endpoint.
        public init(service: String, url: String, binding: String, responseURL: String? = nil) {
            self.service = service
            self.url = url
            self.binding = binding
            self.responseURL = responseURL
        }
    }

    /// The service for signing in.
    public static let signOn = "SingleSignOnService"
    /// The service for signing out.
    public static let logout = "SingleLogoutService"
    /// The binding by the visitor's address line, which python3-saml can send requests by.
    public static let redirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"

    /// The provider's name among identity providers.
    public var entityID: String
    /// Where its metadata are; nil when it does not say.
    public var metadata: WebURL?
    /// The certificates it signs with, in base64 without PEM lines; several while it changes from one to the next.
    public var certificates: [String]
    /// Its services, sorted by databag key.
    public var endpoints: [Endpoint]

    /// Creates an identity provider.
    public init(entityID: String, metadata: WebURL? = nil, certificates: [String], endpoints: [Endpoint] = []) {
        self.entityID = entityID
        self.metadata = metadata
        self.certificates = certificates
        self.endpoints = endpoints
    }

    /// The endpoint to use for a service: by redirect where there is one, as that is what we can send.
    ///
    /// - Parameter service: The service's name.
    /// - Returns: The endpoint; nil when there is none.
    public func endpoint(_ service: String) -> Endpoint? {
        let candidates = endpoints.filter { $0.service == service }
        return candidates.first { $0.binding == Self.redirectBinding } ?? candidates.first
    }
}

/// The provider's half of `saml`, as a value.
public struct SAMLProvider: Sendable, Hashable {
    /// The identity provider that is given.
    public var provider: SAMLIdentityProvider

    /// Creates a provider's answer.
    public init(_ provider: SAMLIdentityProvider) {
        self.provider = provider
    }

    /// What the provider writes to its application's databag.
    public var applicationDatabag: [String: String] {
        var values = [
            "entity_id": provider.entityID, "x509certs": provider.certificates.joined(separator: ","),
        ]
        values["metadata_url"] = provider.metadata?.description
        for endpoint in provider.endpoints {
            let method = endpoint.binding == SAMLIdentityProvider.redirectBinding ? "redirect" : "post"
            let key = Self.snakeCase(endpoint.service) + "_" + method
            values["\(key)_url"] = endpoint.url
            values["\(key)_binding"] = endpoint.binding
            values["\(key)_response_url"] = endpoint.responseURL
        }
        return values
    }

    private static func snakeCase(_ name: String) -> String {
        name.reduce(into: "") { text, letter in
            if letter.isUppercase, !text.isEmpty { text += "_" }
            text += letter.lowercased()
        }
    }
}
