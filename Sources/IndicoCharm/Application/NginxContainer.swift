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

    /// Has nginx read a new configuration beside the one that serves.
    private func refusal(of changed: [DesiredFile]) throws -> Obstacle? {
        guard let file = changed.first(where: { $0.reader == .nginx }) else { return nil }
        let layout = desired.layout
        let candidate = file.path + ".new"
        try files.write(file, to: candidate)
        defer { try? container.removePath(candidate, recursive: true) }
        let result = try container.execute(
            ExecCommand(
                [layout.nginx, "-t", "-q", "-e", "stderr", "-p", layout.nginxData, "-c", candidate],
                timeout: .seconds(20),
                ownership: desired.nginx.account?.ownership ?? Ownership()
            )
        )
        guard !result.succeeded else { return nil }
        let reason = result.errorOutput.split(separator: "\n").first.map(String.init) ?? "code \(result.exitCode)"
        return .blocked("nginx refuses its configuration: \(reason)")
    }
}
