// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine
package import UnitAgent

/// The pods of PostgreSQL, of Redis, and of the front.
package struct ServerPods: Sendable {
    let spec: PodSpec
    let layout: PodLayout

    package init(_ spec: PodSpec, _ layout: PodLayout) {
        self.spec = spec
        self.layout = layout
    }

    /// Users of the images, by number.
    private static func user(_ server: ServerPod) -> UInt32 {
        switch server {
        case .postgresql: 2003
        case .redis: 2002
        case .front: 2001
        }
    }

    /// What has to answer before anybody is told of it.
    static let ports: [(ServerPod, UInt16)] = [(.postgresql, 5432), (.redis, cachePort), (.redis, brokerPort)]
    private static let cachePort: UInt16 = 6379
    private static let brokerPort: UInt16 = 6380

    package func describe(_ server: ServerPod) -> PodDescription {
        let name = server.rawValue
        var container = PodDescription.Container(
            name: name,
            image: spec.images[server.image] ?? "",
            arguments: ["run", "--create-dirs"],
            volumes: [(layout.container(name, of: name), "/charm/container")]
        )
        switch server {
        case .postgresql:
            container.volumes += [
                (layout.pod(name) + "/data", "/var/lib/postgresql"), (layout.pod(name) + "/etc", "/etc/indico"),
            ]
        case .redis:
            container.volumes += [
                (layout.pod(name) + "/data", "/var/lib/redis"), (layout.pod(name) + "/etc", "/etc/indico"),
            ]
        case .front:
            container.volumes += [
                (layout.pod(name) + "/etc", "/etc/front"),
                (layout.pod(name) + "/layers", "/var/lib/pebble/default/layers"),
            ]
        }
        return PodDescription(
            name: name,
            address: spec.address(of: server),
            network: PodNetwork.name(spec),
            published: server == .front ? (spec.port, FrontConfiguration.port) : nil,
            containers: [container]
        )
    }

    /// Makes the directories and files a server's pod needs.
    package func prepare(_ server: ServerPod) throws {
        let name = server.rawValue
        let user = Account(name: name, userID: Self.user(server), group: name, groupID: Self.user(server))
        for directory in ["containers/\(name)", "etc", "data", "layers"] {
            try FileStore.makeDirectory("\(layout.pod(name))/\(directory)", mode: 0o750, owner: user)
        }
        func write(_ text: String, _ file: String) throws {
            try FileStore.write(text, to: "\(layout.pod(name))/\(file)", mode: 0o600, owner: user)
        }
        switch server {
        case .postgresql: try write(try credentials().postgresql, "etc/password")
        case .redis:
            try write(
                Self.redis(.cache, port: Self.cachePort, password: try credentials().redisCache),
                "etc/cache.conf"
            )
            try write(
                Self.redis(.broker, port: Self.brokerPort, password: try credentials().redisBroker),
                "etc/broker.conf"
            )
        case .front:
            try write(FrontConfiguration.layer, "layers/001-front.yaml")
            let configuration = layout.pod(name) + "/etc/nginx.conf"
            if !FileStore.exists(configuration) { try write(FrontConfiguration(routes: []).text, "etc/nginx.conf") }
        }
    }

    private func credentials() throws -> Credentials {
        try FileStore.makeDirectory(layout.state.servers, mode: 0o755)
        return try Credentials.ensure(in: layout.state)
    }

    /// What one of the two servers starts from; both keep their files in one directory, by their own names.
    static func redis(_ role: RedisServer.Role, port: UInt16, password: String) -> String {
        let name = role == .broker ? "broker" : "cache"
        return """
            bind 0.0.0.0
            port \(port)
            requirepass \(password)
            dir /var/lib/redis
            dbfilename \(name).rdb
            appenddirname \(name).aof
            daemonize no

            """ + role.settings
    }

    /// What the servers answer over the relations Indico cannot be without.
    package func relations() throws -> [String: RemoteApplication] {
        let credentials = try credentials()
        let redis = spec.address(of: .redis)
        func server(_ port: UInt16, _ password: String, _ name: String) -> RemoteApplication {
            let address = ServerURL(scheme: "redis", user: "", password: password, host: redis, port: port, name: "")
            return RedisProvider.answer(address, name: name)
        }
        let database = ServerURL(
            scheme: "postgresql",
            user: "indico",
            password: credentials.postgresql,
            host: spec.address(of: .postgresql),
            port: 5432,
            name: "indico"
        )
        return [
            DatabaseProvider.endpoint: DatabaseProvider.answer(.init(address: database, version: "15")),
            "redis-cache": server(Self.cachePort, credentials.redisCache, "redis-cache"),
            "redis-broker": server(Self.brokerPort, credentials.redisBroker, "redis-broker"),
            FrontConfiguration.endpoint: RemoteApplication(name: FrontConfiguration.provider),
        ]
    }
}
