// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import OneMachine

/// The commands of podman, with settings of our own.
package struct Podman: Sendable {
    private let layout: PodLayout
    private let environment: [String: String]

    /// - Parameters:
    ///   - layout: Where our settings are.
    ///   - environment: What the caller was started with: where podman keeps images may be said there.
    package init(_ layout: PodLayout, environment: [String: String]) {
        self.layout = layout
        var kept = ["CONTAINERS_CONF": layout.containersConfiguration]
        for name in ["CONTAINERS_STORAGE_CONF", "HOME", "TMPDIR", "XDG_RUNTIME_DIR"] { kept[name] = environment[name] }
        self.environment = kept
    }

    package static let path = "/usr/bin/podman"
    /// What is needed besides; each is a package of Debian.
    package static let companions = [
        ("/usr/bin/podman", "podman"), ("/usr/sbin/runc", "runc"), ("/usr/lib/podman/netavark", "netavark"),
        ("/usr/lib/podman/aardvark-dns", "aardvark-dns"), ("/usr/sbin/iptables", "iptables"),
        ("/usr/libexec/podman/catatonit", "catatonit"),
    ]

    /// Writes podman's settings: runc, limits that this process may give, networks of our own.
    ///
    /// podman's own limits are higher than those of some machines, and then no container starts.
    package func prepare() throws {
        func hard(_ resource: UInt32) -> UInt64 {
            var limit = rlimit()
            return getrlimit(__rlimit_resource_t(resource), &limit) == 0 ? UInt64(limit.rlim_max) : 1024
        }
        let files = min(hard(RLIMIT_NOFILE.rawValue), 1 << 20)
        // The header has it as a macro that Swift does not see. What podman passes on is less than what it has.
        let processes = min(hard(__RLIMIT_NPROC.rawValue), 1 << 15)
        try FileStore.makeDirectory(layout.networks, mode: 0o755)
        try FileStore.write(
            """
            [containers]
            default_ulimits = ["nofile=\(files):\(files)", "nproc=\(processes):\(processes)"]
            [engine]
            runtime = "runc"
            [network]
            network_backend = "netavark"
            network_config_dir = "\(layout.networks)"

            """,
            to: layout.containersConfiguration,
            mode: 0o644
        )
    }

    /// Runs a command; `nil` for one that failed and may.
    package func tryRun(_ arguments: [String]) throws -> String? {
        let outcome = try SetupCommand(Self.path, arguments, environment: environment).run()
        return outcome.succeeded ? outcome.standardOutput : nil
    }

    /// Runs a command to its end.
    ///
    /// - Throws: ``OperatorError`` with what podman said.
    @discardableResult
    package func run(_ arguments: [String]) throws -> String {
        let outcome = try SetupCommand(Self.path, arguments, environment: environment).run()
        guard outcome.succeeded else {
            throw OperatorError(
                "'podman \(arguments.prefix(3).joined(separator: " "))' \(outcome.exit)",
                remedy: "podman says why, above.",
                evidence: Array(outcome.lastLines.suffix(4))
            )
        }
        return outcome.standardOutput
    }

    package func hasImage(_ reference: String) throws -> Bool { try tryRun(["image", "exists", reference]) != nil }

    /// The label by which this installation's pods are known.
    package var label: String { "indico-operator=\(layout.state.path)" }

    /// Our containers, running or not.
    package func containers() throws -> [PodContainer] {
        let text = try run(["ps", "--all", "--pod", "--no-trunc", "--filter", "label=\(label)", "--format", "json"])
        return try JSONDecoder().decode([PodContainer].self, from: Data(text.utf8))
    }
}

/// A container as `podman ps` tells it.
package struct PodContainer: Decodable, Sendable, Equatable {
    package var name: String
    package var pod: String
    package var state: String
    package var image: String
    package var labels: [String: String]
    /// When it was started last, in seconds since 1970.
    package var started: Int64
    package var process: Int32

    package var isRunning: Bool { state == "running" }

    private enum CodingKeys: String, CodingKey {
        case names = "Names"
        case pod = "PodName"
        case state = "State"
        case image = "Image"
        case labels = "Labels"
        case started = "StartedAt"
        case process = "Pid"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode([String].self, forKey: .names).first ?? ""
        pod = try container.decodeIfPresent(String.self, forKey: .pod) ?? ""
        state = try container.decode(String.self, forKey: .state)
        image = try container.decode(String.self, forKey: .image)
        labels = try container.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
        started = try container.decodeIfPresent(Int64.self, forKey: .started) ?? 0
        process = try container.decodeIfPresent(Int32.self, forKey: .process) ?? 0
    }
}
