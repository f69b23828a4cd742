// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

/// The decisions of `scripts/debian.sh`, with a distribution that is made up.
@Suite struct DebianPackagesTests {
    private static let repository: String = {
        var place = #filePath.split(separator: "/").map(String.init)
        place.removeLast(4)
        return "/" + place.joined(separator: "/")
    }()

    /// Runs a line of shell where the script's functions are known and `dpkg-query` tells of `installed`.
    private static func shell(_ line: String, installed: String = "", in scratch: Scratch) throws -> [String] {
        let bin = scratch.path + "/bin"
        try FileStore.makeDirectory(bin, mode: 0o755)
        try FileStore.write(installed, to: scratch.path + "/installed", mode: 0o644)
        try FileStore.write("#!/bin/sh\ncat \(scratch.path)/installed\n", to: bin + "/dpkg-query", mode: 0o755)
        try FileStore.write("#!/bin/sh\nexit 100\n", to: bin + "/apt-cache", mode: 0o755)
        let program = """
            set -euo pipefail
            cd '\(repository)'
            . scripts/debian.sh
            system='\(scratch.path)'
            \(line)
            """
        let environment = ["PATH": bin + ":" + SetupCommand.path]
        let outcome = try SetupCommand("/bin/bash", ["-c", program], environment: environment).run()
        #expect(outcome.succeeded, "\(outcome.lastLines)")
        return outcome.standardOutput.split(separator: "\n").map(String.init)
    }

    private static func python(_ version: String, as name: String, in scratch: Scratch) throws {
        try FileStore.makeDirectory(scratch.path + "/bin", mode: 0o755)
        try FileStore.write("#!/bin/sh\necho \(version)\n", to: "\(scratch.path)/bin/\(name)", mode: 0o755)
    }

    @Test func `what the PDF files of Indico 3_3 take is wanted only with its Python`() throws {
        let scratch = try Scratch()
        try Self.python("3.11", as: "python3", in: scratch)
        let debian = try Self.shell("wanted_packages", in: scratch)
        #expect(!debian.contains { $0.contains("pango") || $0.contains("3.12") })
        #expect(debian.contains("postgresql-15") && debian.contains("libyaml-dev"))
        try Self.python("3.12", as: "python3.12", in: scratch)
        let beside = try Self.shell("wanted_packages", in: scratch)
        #expect(Set(beside).isSuperset(of: debian + ["libpango-1.0-0", "python3.12-venv", "python3.12-dev"]))
        try Self.python("3.12", as: "python3", in: scratch)
        let ubuntu = try Self.shell("wanted_packages", in: scratch)
        #expect(ubuntu.contains("libpango-1.0-0") && !ubuntu.contains("python3.12-dev"))
    }

    @Test func `a package that another one stands in for is not missing`() throws {
        let scratch = try Scratch()
        let installed = """
            installed libssl3t64, libssl3 (= 3.0.13)
            installed pkgconf, pkg-config (= 0.29-1), pkg-config:i386
            deinstall nginx, httpd

            """
        let missing = try Self.shell("missing_packages", installed: installed, in: scratch)
        #expect(!missing.contains("libssl3") && !missing.contains("pkg-config"))
        #expect(missing.contains("nginx") && missing.contains("postgresql-15"))
    }

    @Test func `a server that is new enough is not asked for again`() throws {
        let scratch = try Scratch()
        for (version, isWanted) in [("13", true), ("16", false)] {
            let bin = "\(scratch.path)/lib/postgresql/\(version)/bin"
            try FileStore.makeDirectory(bin, mode: 0o755)
            try FileStore.write("", to: bin + "/initdb", mode: 0o755)
            #expect(try Self.shell("missing_packages", in: scratch).contains("postgresql-15") == isWanted)
        }
    }

    @Test(arguments: [
        (["postgresql-15", "postgresql-17"], "postgresql-15"), (["postgresql-14", "postgresql-16"], "postgresql-16"),
        (["postgresql-16", "postgresql-client-18", "postgresql-9"], "postgresql-16"), ([], "postgresql-15"),
    ])
    func `the server is the one named, else the newest that is offered`(offered: [String], chosen: String) throws {
        let names = offered.joined(separator: " ")
        let line = "printf '%s\\n' \(names) | choose_postgresql postgresql-15"
        #expect(try Self.shell(line, in: Scratch()) == [chosen])
    }

    @Test func `what an installation that was killed has left is undone by the next, and not while it is at work`()
        throws
    {
        let scratch = try Scratch()
        let rule = scratch.path + "/createcluster.conf"
        let policy = scratch.path + "/policy-rc.d"
        let prologue = "policy='\(policy)'; cluster_rule='\(rule)'; undo=();"
        try FileStore.write("#create_main_cluster = true\n", to: rule, mode: 0o644)
        // A shell of its own, so that its process is gone when the next one asks.
        _ = try Self.shell("\(prologue) forbid_service_start; forbid_cluster; undo_interrupted", in: scratch)
        #expect(FileStore.exists(policy))
        #expect(try FileStore.text(rule) == "create_main_cluster = false\n")
        _ = try Self.shell("\(prologue) undo_interrupted", in: scratch)
        #expect(!FileStore.exists(policy))
        #expect(try FileStore.text(rule) == "#create_main_cluster = true\n")
        // A policy of the administrator's own stays.
        try FileStore.write("#!/bin/sh\nexit 0\n", to: policy, mode: 0o755)
        _ = try Self.shell(
            "\(prologue) forbid_service_start; undo_interrupted; allow_service_start || true",
            in: scratch
        )
        #expect(try FileStore.text(policy) == "#!/bin/sh\nexit 0\n")
    }
}
