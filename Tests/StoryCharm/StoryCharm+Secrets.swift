// SPDX-License-Identifier: Apache-2.0

import CharmKit

extension StoryCharm {
    func secretChanged(_ event: Event, _ model: Model) throws {
        guard case .secretChanged(let about)? = event.hook else { return }
        let secret = model.secret(id: about.id)
        let old = try secret.content(.tracked)["username"] ?? ""
        let peek = try secret.content(.peek)["username"] ?? ""
        let new = try secret.content(.refresh)["username"] ?? ""
        try tell(model, "changed-\(about.label ?? "")", "\(old) \(peek) \(new)")
    }

    func secretRotate(_ event: Event, _ model: Model) throws {
        guard case .secretRotate(let about)? = event.hook else { return }
        try tell(model, "rotated", about.label ?? "")
        try model.secret(id: about.id).set(["token-key": "rotated"])
    }

    func secretExpired(_ event: Event, _ model: Model) throws {
        guard case .secretExpired(let about)? = event.hook else { return }
        try drop("expired", about, model)
    }

    func secretRemove(_ event: Event, _ model: Model) throws {
        guard case .secretRemove(let about)? = event.hook else { return }
        try drop("removed", about, model)
    }

    private func drop(_ key: String, _ about: SecretEvent, _ model: Model) throws {
        try tell(model, key, "\(about.label ?? "") \(about.revision ?? 0)")
        try model.secret(id: about.id).remove(revision: about.revision)
    }
}
