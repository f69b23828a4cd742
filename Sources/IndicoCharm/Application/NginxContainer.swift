// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI
import PebblePlan

/// Brings container `indico-nginx` to what it shall be.
struct NginxContainer {
    let container: Container
    let desired: DesiredWorkload
    let files: ContainerFiles

    init(_ container: Container, _ desired: DesiredWorkload) {
        self.container = container
        self.desired = desired
        files = ContainerFiles(container: container, desired: desired.nginx)
    }

    /// Writes, starts and reloads, each only where something differs.
    ///
    /// - Returns: What keeps the container from being what it shall be; nil when it is.
    /// - Throws: ``ContainerError`` when Pebble does not do its part.
    func apply() throws -> Obstacle? {
        let before = try container.services()
        if before["nginx"]?.isRunning != true { try files.makeDirectories() }
        var pending = try PendingChanges.read(container, desired.nginx.pendingPath)
        let changed = try files.changed()
        if let refusal = try refusal(of: changed) { return refusal }
        if changed.contains(where: { $0.reader == .nginx }) {
            pending.readers.insert(.nginx)
            try note(&pending)
        }
        for file in changed { try files.write(file) }
        if changed.contains(where: { $0.reader == .nginx }) { try note(&pending) }

        var layer = desired.nginx.layer
        let plan = try container.plan()
        layer.logTargets.merge(LogForwarding.retired(plan, layer)) { own, _ in own }
        if !LayerDifference.isInPlan(layer, plan) {
            pending.readers.insert(.plan)
            try note(&pending)
            try container.addLayer(layer)
        }
        let complete = layer.services.keys.allSatisfy { before[$0]?.isRunning == true }
        if pending.readers.contains(.plan) || !complete {
            try container.replanAround("nginx", timeout: .seconds(60))
        }
        guard !pending.readers.isEmpty else { return nil }
        let after = try container.services()["nginx"]
        if pending.readers.contains(.nginx), pending.isOlder(after, before: before["nginx"]) {
            // New workers take new connections at once; old ones end with their requests.
            try container.signal("SIGHUP", ["nginx"])
        }
        try container.removePath(desired.nginx.pendingPath, recursive: true)
        return nil
    }

    private func note(_ pending: inout PendingChanges) throws {
        try pending.write(container, desired.nginx.pendingPath, options: files.options(0o644))
    }

    /// Has nginx read what is new beside what serves.
    private func refusal(of changed: [DesiredFile]) throws -> Obstacle? {
        let changed = changed.filter { $0.reader == .nginx }
        guard !changed.isEmpty else { return nil }
        let layout = desired.layout
        if let problem = desired.settings.certificate?.problem,
            changed.contains(where: { $0.path == layout.nginxCertificate })
        {
            return .blocked("tls_secret: \(problem)")
        }
        guard var file = desired.nginx.files.first(where: { $0.path == layout.nginxConfiguration }) else { return nil }
        let candidates = Set(changed.map(\.path) + [file.path]).map { $0 + ".new" }
        defer { for path in candidates { try? container.removePath(path, recursive: true) } }
        // The candidate of the configuration names the candidates of the others.
        for other in changed where other.path != file.path {
            try files.write(other, to: other.path + ".new")
            file.content = Self.replacing("\(other.path);", in: file.content, with: "\(other.path).new;")
        }
        try files.write(file, to: file.path + ".new")
        let result = try container.execute(test(file.path + ".new"))
        guard !result.succeeded else { return nil }
        let reason = result.errorOutput.split(separator: "\n").first.map(String.init) ?? "code \(result.exitCode)"
        return .blocked("nginx refuses its configuration: \(reason)")
    }

    /// A text with another in the place of a part of it, wherever that is.
    ///
    /// Not the library's `replacing`: that is a part of its regular expressions, which then are in the charm's memory.
    private static func replacing(_ part: String, in text: String, with other: String) -> String {
        let (part, text) = (Array(part.utf8), Array(text.utf8))
        var (result, index) = ([UInt8](), 0)
        while index < text.count {
            if text[index...].starts(with: part) {
                result += other.utf8
                index += part.count
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Has nginx look at a configuration, with the rights it will run with: it also tries its ports.
    private func test(_ configuration: String) -> ExecCommand {
        let account = desired.nginx.account
        let words = NginxLayer.command(
            desired.settings,
            layout: desired.layout,
            account: account,
            configuration: configuration,
            options: ["-t", "-q"]
        )
        return ExecCommand(
            words,
            timeout: .seconds(20),
            ownership: NginxTLS.wantsLowPorts(desired.settings) ? Ownership() : account?.ownership ?? Ownership()
        )
    }
}
