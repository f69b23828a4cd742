// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// What may be done to the identities there are.
enum IdentityRules {
    /// An identity as others may see it.
    static func withoutSecrets(_ identity: IdentityInfo) -> IdentityInfo {
        var shown = identity
        if shown.basic != nil { shown.basic?.password = "*****" }
        if shown.cert != nil { shown.cert?.pem = "*****" }
        return shown
    }

    /// The identities after a request.
    static func applying(
        _ request: IdentitiesRequest,
        to current: [String: IdentityInfo]
    ) throws(DaemonError) -> [String: IdentityInfo] {
        var result = current
        switch request.action {
        case "add":
            let given = try identities(request, operation: "add")
            try refuse(given.keys.filter { current[$0] != nil }, "identities already exist")
            result.merge(given) { _, new in new }
        case "update":
            let given = try identities(request, operation: "update")
            try refuse(given.keys.filter { current[$0] == nil }, "identities do not exist")
            result.merge(given) { _, new in new }
        case "replace":
            for (name, identity) in request.identities {
                if let identity { try check(name, identity) }
                result[name] = identity
            }
        case "remove":
            for (name, identity) in request.identities.sorted(by: { $0.key < $1.key }) where identity != nil {
                throw DaemonError(.invalid, "identity value for \"\(name)\" must be null for remove operation")
            }
            try refuse(request.identities.keys.filter { current[$0] == nil }, "identities do not exist")
            for name in request.identities.keys { result[name] = nil }
        default:
            let allowed = "must be \"add\", \"update\", \"replace\", or \"remove\""
            throw DaemonError(.invalid, "invalid action \"\(request.action)\", \(allowed)")
        }
        try checkUniqueUsers(result)
        return result
    }

    private static func identities(
        _ request: IdentitiesRequest,
        operation: String
    ) throws(DaemonError) -> [String: IdentityInfo] {
        var found: [String: IdentityInfo] = [:]
        for (name, identity) in request.identities.sorted(by: { $0.key < $1.key }) {
            guard let identity else {
                throw DaemonError(
                    .invalid,
                    "identity value for \"\(name)\" must not be null for \(operation) operation"
                )
            }
            try check(name, identity)
            found[name] = identity
        }
        return found
    }

    private static func refuse(_ names: [String], _ message: String) throws(DaemonError) {
        guard !names.isEmpty else { return }
        throw DaemonError(.invalid, "\(message): \(names.sorted().joined(separator: ", "))")
    }

    private static func check(_ name: String, _ identity: IdentityInfo) throws(DaemonError) {
        func refuse(_ reason: String) -> DaemonError {
            DaemonError(.invalid, "invalid identity for \"\(name)\": \(reason)")
        }
        guard isName(name) else {
            let rule = "must start with an alphabetic character and only contain"
            throw refuse("identity name \"\(name)\" invalid: \(rule) alphanumeric characters, underscore, and hyphen")
        }
        let words = "\"admin\", \"read\", \"metrics\", or \"untrusted\""
        guard let access = identity.access, !access.rawValue.isEmpty else {
            throw refuse("access value must be specified (\(words))")
        }
        guard [.admin, .read, .metrics, .untrusted].contains(access) else {
            throw refuse("invalid access value \"\(access)\", must be \(words)")
        }
        guard identity.local != nil || identity.basic != nil || identity.cert != nil else {
            throw refuse("identity must have at least one type (\"local\", \"basic\", or \"cert\")")
        }
        if let local = identity.local, local.userID == nil { throw refuse("local identity must specify user-id") }
        if let basic = identity.basic, basic.password?.isEmpty ?? true {
            throw refuse("basic identity must specify password (hashed)")
        }
        if let cert = identity.cert, Certificates.der(cert.pem ?? "")?.isEmpty ?? true {
            throw refuse("cert identity must include a PEM-encoded certificate")
        }
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.first, isLetter(first) else { return false }
        return name.allSatisfy { isLetter($0) || ("0"..."9").contains($0) || $0 == "_" || $0 == "-" }
    }

    private static func isLetter(_ character: Character) -> Bool {
        ("a"..."z").contains(character) || ("A"..."Z").contains(character)
    }

    private static func checkUniqueUsers(_ identities: [String: IdentityInfo]) throws(DaemonError) {
        var owners: [UInt32: String] = [:]
        for (name, identity) in identities.sorted(by: { $0.key < $1.key }) {
            guard let userID = identity.local?.userID else { continue }
            if let other = owners[userID] {
                throw DaemonError(
                    .invalid,
                    "cannot have multiple identities with user ID \(userID) (\(other), \(name))"
                )
            }
            owners[userID] = name
        }
    }
}

extension Supervisor {
    /// Does what a request says, and returns the identities before and after.
    func changeIdentities(
        _ request: IdentitiesRequest
    ) throws(DaemonError) -> (before: [String: IdentityInfo], after: [String: IdentityInfo]) {
        let before = document.identities
        document.identities = try IdentityRules.applying(request, to: before)
        save(.identities(document.identities))
        return (before, document.identities)
    }
}
