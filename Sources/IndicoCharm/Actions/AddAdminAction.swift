// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import PebbleAPI

/// Action `add-admin`: makes an administrator of Indico.
///
/// The password comes in a secret that was granted to the application, or is made here and told once. It never is a
/// parameter of the action, which the controller would keep, nor an argument of a process.
struct AddAdminAction {
    let module: WorkloadModule

    func run(_ action: Action, _ model: Model) throws {
        let parameters = try action.parameters()
        let email = try parameters.string("email")
        let secretID = try parameters.optionalString("password-secret")
        let password = try secretID.map { try self.password(in: $0, model) } ?? Self.generated()
        var request: [String: JSONValue] = ["email": .string(email), "password": .string(password)]
        for name in ["first-name", "last-name", "affiliation"] {
            if let value = try parameters.optionalString(name) { request[name] = .string(value) }
        }
        do {
            let reply = try module.ask("add-admin", request)
            var results = ["user": reply["email"]?.text ?? email, "username": reply["username"]?.text ?? email]
            if secretID == nil { results["password"] = password }
            try action.setResults(results)
        } catch let refusal as WorkloadModule.Refusal {
            throw ActionError.failed("cannot add \(email): \(refusal.message)")
        } catch let error as ContainerError {
            throw ActionError.failed("\(error)")
        }
    }

    private func password(in secretID: String, _ model: Model) throws -> String {
        switch try model.readRemoteSecret(secretID) {
        case .content(let content):
            guard let password = content["password"], !password.isEmpty else {
                throw ActionError.failed("the secret \(secretID) has no value named password")
            }
            return password
        case .waiting:
            throw ActionError.failed("the secret \(secretID) cannot be read: grant it to \(model.application) first")
        case .invalid(let reason):
            throw ActionError.failed("password-secret: \(reason)")
        }
    }

    /// 120 bits in characters that are not mistaken for each other.
    private static func generated() -> String {
        let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<24).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
    }
}
