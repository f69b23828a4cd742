// SPDX-License-Identifier: Apache-2.0

extension AgentCore {
    /// Every option with its value.
    func configStates() throws -> [ConfigOptionState] {
        let user = try store.read { try $0.userConfig() }
        return charm.options.map { charm.optionState($0, user: user) }
    }

    /// Sets options, all or none.
    func setConfig(_ values: [String: String]) throws {
        let parsed = try values.map { name, text in
            guard let option = charm.option(name) else { throw unknownOption(name) }
            return (name, try option.parse(text))
        }
        try store.write { model in
            for (name, value) in parsed { try model.setUserConfig(name, value) }
        }
        changes.signal()
    }

    /// Gives options their default back.
    func resetConfig(_ names: [String]) throws {
        try store.write { model in
            let user = try model.userConfig()
            for name in names {
                // An option of a former charm can still be forgotten.
                guard charm.option(name) != nil || user[name] != nil else { throw unknownOption(name) }
                try model.setUserConfig(name, nil)
            }
        }
        changes.signal()
    }

    private func unknownOption(_ name: String) -> ControlFailure {
        ControlFailure(.notFound, "the charm \(charm.name) has no option \(name); `config` lists those it has")
    }
}
