// SPDX-License-Identifier: Apache-2.0

extension AgentCore {
    /// Makes a secret of the operator's; returns its URI.
    func addUserSecret(_ content: [String: String]) throws -> String {
        guard !content.isEmpty else { throw ControlFailure(.invalid, "a secret needs content") }
        let id = SecretText.newID()
        try store.write { model in
            try model.setSecret(SecretState(id: id, ownerKind: .user, owner: "operator", rotate: .never))
            try model.addRevision(SecretRevision(revision: 1, content: content), secret: id)
        }
        return SecretText.uri(id)
    }

    /// Removes a secret of the operator's.
    func removeUserSecret(_ uri: String) throws {
        let id = try SecretText.id(uri)
        try store.write { model in
            guard let secret = try model.secret(id), secret.ownerKind == .user else {
                throw ControlFailure(.notFound, "there is no secret \(uri) of the operator's")
            }
            try model.deleteSecret(id)
        }
    }
}
