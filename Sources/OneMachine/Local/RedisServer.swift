// SPDX-License-Identifier: Apache-2.0
import LinuxSupport

/// One of the two private Redis servers.
package struct RedisServer: Hashable, Sendable {
    package enum Role: Hashable, Sendable {
        /// Sessions and memoized pages: on disk, so that nobody is logged out by a new start; the oldest go first when
        /// memory is short. It is a log of each write rather than a picture of now and then: a session that was ended must
        /// not come back. Nobody waits for the disk: where it is busy, a killed server may lose its last two seconds.
        case cache
        /// Celery's queue: on disk before a task counts as taken, and never thrown away.
        case broker

        /// What such a server keeps on disk, and what it throws away when memory is short.
        package var settings: String {
            switch self {
            case .cache:
                """
                save ""
                appendonly yes
                appendfsync everysec
                maxmemory 256mb
                maxmemory-policy volatile-lru

                """
            case .broker:
                """
                save 900 1
                appendonly yes
                appendfsync always
                maxmemory-policy noeviction

                """
            }
        }
    }

    package let role: Role
    package let directory: String
    package let port: UInt16
    package let password: String

    package init(role: Role, directory: String, port: UInt16, password: String) {
        self.role = role
        self.directory = directory
        self.port = port
        self.password = password
    }

    package var configurationPath: String { directory + "/redis.conf" }
    package var dataDirectory: String { directory + "/data" }
    /// Debian's package `redis-tools` holds the server: it acts by the name it is called by.
    package var programPath: String { directory + "/redis-server" }

    package var configuration: String {
        """
        # Written by the Indico operator at each start of `up`; changes made here are lost.
        bind 127.0.0.1
        port \(port)
        protected-mode yes
        requirepass \(password)
        daemonize no
        supervised no
        dir \(dataDirectory)
        logfile ""
        tcp-keepalive 60
        timeout 0
        # So that a list of processes tells whose server this is.
        proc-title-template "{title} {listen-addr} \(configurationPath)"

        """ + role.settings
    }

    /// Writes what the server starts from.
    package func prepare(account: Account) throws {
        try FileStore.makeDirectory(directory, mode: 0o700, owner: account)
        try FileStore.makeDirectory(dataDirectory, mode: 0o700, owner: account)
        try FileStore.write(configuration, to: configurationPath, mode: 0o600, owner: account)
        let programs = ["/usr/bin/redis-server", "/usr/bin/redis-check-rdb"]
        guard let program = programs.first(where: FileStore.isExecutable) else {
            throw OperatorError("\(programs[1]) is not there", remedy: "Install it: apt-get install redis-tools")
        }
        try FileStore.link(programPath, to: program)
    }
}
