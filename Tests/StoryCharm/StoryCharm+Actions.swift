// SPDX-License-Identifier: Apache-2.0

import CharmKit

extension StoryCharm {
    func greet(_ event: Event, _ model: Model) throws {
        let action = try event.requireAction()
        let parameters = try action.parameters()
        let whom = try parameters.string("whom")
        try action.log("greeting \(whom)")
        if whom == "nobody" { throw ActionError.failed("nobody is there") }
        try action.setResults([
            "nested.times": String(try parameters.optionalInteger("times") ?? 0),
            "count": String(try count(model, "greetings")),
        ])
    }

    func describe(_ event: Event, _ model: Model) throws {
        try event.requireAction().setResults([
            "planned": String(try model.goalState().plannedUnits),
            "address": try model.network("db").bindAddress ?? "",
            "connects": model.container("web").canConnect() ? "yes" : "no",
            "model": model.environment.model.name,
        ])
    }

    func half(_ event: Event, _ model: Model) throws {
        try tell(model, "half", "kept")
        try event.requireAction().fail("half done")
    }

    func breakDown(_ event: Event, _ model: Model) throws {
        try tell(model, "break", "lost")
        throw StoryError.brokenOnPurpose
    }

    func forget(_ event: Event, _ model: Model) throws {
        let token = model.secret(label: "token")
        for relation in try model.relations("site") { try token.revoke(from: relation) }
        try token.remove()
    }
}
