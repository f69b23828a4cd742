// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebblePlan
import Testing

@testable import PebbleDaemon

@Suite struct LayersTests {
    private func layer(_ label: String, _ order: Int) -> Layer { Layer(label: label, order: order) }

    @Test func `a new layer goes on top`() throws {
        let layers = try LayerStack.adding(layer("new", 0), to: [layer("a", 1000)], combine: false, inner: false)
        #expect(layers.map(\.label) == ["a", "new"])
        #expect(layers.map(\.order) == [1000, 2000])
    }

    @Test func `a label may be had once, or combined`() throws {
        let error = #expect(throws: DaemonError.self) {
            try LayerStack.adding(layer("a", 0), to: [layer("a", 1000)], combine: false, inner: false)
        }
        #expect(error == DaemonError(.invalid, "layer \"a\" already exists"))
        let layers = try LayerStack.adding(layer("a", 0), to: [layer("a", 1000)], combine: true, inner: false)
        #expect(layers.map(\.order) == [1000])
    }

    @Test func `layers of a directory stay together, below the top only if asked for`() throws {
        let stack = [layer("dir/one", 1001), layer("top", 2000)]
        #expect(throws: DaemonError.self) {
            try LayerStack.adding(layer("dir/two", 0), to: stack, combine: false, inner: false)
        }
        let layers = try LayerStack.adding(layer("dir/two", 0), to: stack, combine: false, inner: true)
        #expect(layers.map(\.label) == ["dir/one", "dir/two", "top"])
        let onTop = try LayerStack.adding(layer("dir/two", 0), to: [stack[0]], combine: false, inner: false)
        #expect(onTop.map(\.order) == [1001, 1002])
    }

    @Test func `a directory is read in order, sub-directories between`() throws {
        let directory = try TestDirectory()
        let layers = directory.file("layers")
        #expect(mkdir(layers, 0o755) == 0)
        #expect(mkdir("\(layers)/002-mid.d", 0o755) == 0)
        for name in ["003-top.yaml", "001-base.yaml", "002-mid.d/005-two.yaml", "002-mid.d/001-one.yaml"] {
            try AtomicFile.write("summary: \(name)\n", to: "\(layers)/\(name)", mode: 0o644)
        }
        let found = try LayersDirectory.read(layers, accounts: Accounts())
        #expect(found.map(\.label) == ["base", "mid/one", "mid/two", "top"])
        #expect(found.map(\.order) == [1000, 2001, 2005, 3000])
        try AtomicFile.write("{}", to: "\(layers)/001-other.yaml", mode: 0o644)
        #expect(throws: DaemonError.self) { try LayersDirectory.read(layers, accounts: Accounts()) }
    }

    @Test func `what is called like a directory and is none is passed over, and a bad name is told`() throws {
        let directory = try TestDirectory()
        try AtomicFile.write("{}", to: directory.file("001-file.d"), mode: 0o644)
        #expect(mkdir(directory.file("002-dir.yaml"), 0o755) == 0)
        #expect(try LayersDirectory.read(directory.path, accounts: Accounts()).isEmpty)
        #expect(mkdir(directory.file("003-ab.d"), 0o755) == 0)
        let error = #expect(throws: DaemonError.self) {
            try LayersDirectory.read(directory.path, accounts: Accounts())
        }
        let reason = "must look like \"123-some-label.d\""
        #expect(error?.message == "invalid layer sub-directory name: \"003-ab.d\" (\(reason))")
    }

    @Test func `no directory is no layers`() throws {
        #expect(try LayersDirectory.read("/nonexistent/layers", accounts: Accounts()).isEmpty)
    }

    @Test func `arguments given to the daemon take the place of the default ones`() throws {
        var base = layer("base", 1000)
        base.services["web"] = Service(name: "web", override: .replace, command: "web --all [ --port 1 ]")
        let given = DaemonOptions.ServiceArguments(service: "web", arguments: ["--name", "a b"])
        let plan = try Plan.combine(try ArgumentsLayer.adding([given], to: [base]))
        #expect(plan.services["web"]?.command == "web --all [ --name 'a b' ]")
        let unknown = DaemonOptions.ServiceArguments(service: "nope", arguments: [])
        #expect(throws: DaemonError.self) { try ArgumentsLayer.adding([unknown], to: [base]) }
    }
}
