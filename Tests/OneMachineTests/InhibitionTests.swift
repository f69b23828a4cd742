// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import Testing

@testable import OneMachine

/// Alertmanager itself, with the configuration that `up --observability` begins with.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: ObservabilityPlan.programs[1]), "needs Alertmanager"))
struct InhibitionTests {
    private static let port: UInt16 = 19_793

    private struct Alert: Decodable {
        struct Status: Decodable {
            var inhibitedBy: [String]
        }
        var labels: [String: String]
        var status: Status
    }

    @Test func `one cause silences its symptoms, in its own application only`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "alerts-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileStore.write(ObservabilityPlan.alertmanagerConfiguration, to: directory + "/a.yml", mode: 0o644)
        let reaper = try ProcessReaper()
        let child = try reaper.spawn(
            SpawnRequest(
                executable: ObservabilityPlan.programs[1],
                arguments: [
                    "alertmanager", "--config.file=\(directory)/a.yml", "--storage.path=\(directory)/data",
                    "--web.listen-address=127.0.0.1:\(Self.port)", "--cluster.listen-address=",
                ],
                environment: [:]
            )
        )
        let failure: (any Error)?
        do {
            try await check(reaper)
            failure = nil
        } catch {
            failure = error
        }
        child.send(.kill)
        _ = await child.exit()
        if let failure { throw failure }
    }

    private func check(_ reaper: ProcessReaper) async throws {
        try await until { LoopbackPage.get("/-/ready", port: Self.port)?.status == 200 }
        // Every alert at once, in one application that has everything go wrong and one that only has a symptom.
        let causes = [
            "IndicoUnreachable", "IndicoNotServing", "IndicoBrokerUnreachable", "IndicoDatabaseNotReady",
            "IndicoUpgradeFails", "IndicoBackupFails", "IndicoCertificateExpired",
        ]
        let symptoms = [
            "IndicoErrorsBurnFast", "IndicoErrorsBurnSlowly", "IndicoPagesSlow", "IndicoTasksStopped",
            "IndicoMailDelayed", "IndicoNotActive", "IndicoBackupOverdue", "IndicoCertificateExpires",
        ]
        let others = ["IndicoSessionsEnded", "IndicoDiskFills", "IndicoMetricsMissing"]
        let alerts =
            (causes + symptoms + others).map { ["alertname": $0, "juju_application": "one"] }
            + symptoms.map { ["alertname": $0, "juju_application": "two"] }
        let body = try JSONEncoder().encode(alerts.map { ["labels": $0] })
        let post = Command(
            "/usr/bin/curl",
            [
                "-sf", "-H", "Content-Type: application/json", "--data-binary", "@-",
                "http://127.0.0.1:\(Self.port)/api/v2/alerts",
            ],
            environment: [:],
            input: Array(body),
            timeout: .seconds(30)
        )
        let posted = try await CommandRunner(reaper: reaper).run(post)
        try #require(posted.isSuccess, "\(posted.errorText)")
        var known: [Alert] = []
        try await until {
            // curl: Alertmanager answers 406 to whoever takes plain text only, as those do who ask for metrics.
            let page = try await CommandRunner(reaper: reaper).run(
                Command(
                    "/usr/bin/curl",
                    ["-sf", "http://127.0.0.1:\(Self.port)/api/v2/alerts"],
                    environment: [:],
                    timeout: .seconds(30)
                )
            )
            guard page.isSuccess else { return false }
            known = try JSONDecoder().decode([Alert].self, from: Data(page.outputText.utf8))
            // Whether an alert is inhibited is worked out when it is next looked at.
            return known.count == alerts.count && symptoms.allSatisfy { isSilent($0, "one", known) }
        }
        for symptom in symptoms {
            #expect(isSilent(symptom, "one", known), "\(symptom)")
            #expect(!isSilent(symptom, "two", known), "\(symptom)")
        }
        for other in others + ["IndicoUnreachable", "IndicoBrokerUnreachable", "IndicoUpgradeFails"] {
            #expect(!isSilent(other, "one", known), "\(other)")
        }
    }

    private func isSilent(_ name: String, _ application: String, _ alerts: [Alert]) -> Bool {
        alerts.contains {
            $0.labels["alertname"] == name && $0.labels["juju_application"] == application
                && !$0.status.inhibitedBy.isEmpty
        }
    }

    private func until(_ holds: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(90)
        while try await !holds() {
            if ContinuousClock.now > deadline { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
