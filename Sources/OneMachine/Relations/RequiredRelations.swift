// SPDX-License-Identifier: Apache-2.0
package import UnitAgent

/// The three relations Indico cannot be without, answered by the local servers or by those of somebody else.
package struct RequiredRelations: Sendable {
    package struct Answer: Sendable, Equatable {
        package var endpoint: String
        package var remote: RemoteApplication
    }

    package let answers: [Answer]

    package init(settings: Settings, credentials: Credentials, databaseVersion: String) throws(OperatorError) {
        func address(_ name: LocalServerName, local: (UInt16) -> ServerURL) throws(OperatorError) -> ServerURL {
            if let external = settings.external[name] { return external }
            guard let port = settings.ports[name] else {
                throw OperatorError("\(name.rawValue) has no port yet", remedy: "Run 'indico-operator up'.")
            }
            return local(port)
        }
        let database = try address(.postgresql) { port in
            ServerURL(
                scheme: "postgresql",
                user: PostgreSQLServer.role,
                password: credentials.postgresql,
                host: "127.0.0.1",
                port: port,
                name: PostgreSQLServer.database
            )
        }
        func redis(_ name: LocalServerName, _ password: String) throws(OperatorError) -> Answer {
            let address = try address(name) { port in
                ServerURL(scheme: "redis", user: "", password: password, host: "127.0.0.1", port: port, name: "")
            }
            return Answer(endpoint: name.rawValue, remote: RedisProvider.answer(address, name: name.rawValue))
        }
        answers = [
            Answer(
                endpoint: DatabaseProvider.endpoint,
                remote: DatabaseProvider.answer(.init(address: database, version: databaseVersion))
            ),
            try redis(.redisCache, credentials.redisCache),
            try redis(.redisBroker, credentials.redisBroker),
        ]
    }

    /// Tells the agent; doing it twice changes nothing.
    package func publish(to agent: AgentControlClient) throws {
        for answer in answers { try agent.integrate(endpoint: answer.endpoint, with: answer.remote) }
    }
}
