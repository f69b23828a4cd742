// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import FoundationEssentials
import LinuxSupport
import Testing

@testable import IndicoCharm

/// The rendered files, read by the programs they are for.
@Suite struct RealProgramTests {
    private let runner: CommandRunner
    private let directory: URL
    private let layout: WorkloadLayout
    private static let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]

    init() throws {
        runner = CommandRunner(reaper: try ProcessReaper())
        directory = FileManager.default.temporaryDirectory.appending(path: "indico-charm-\(UUID().uuidString)")
        layout = try WorkloadLayout(root: directory.path)
        for path in [
            layout.settings, layout.logs, layout.temporary, layout.nginxData, layout.nginxLogs, layout.nginxSettings,
        ] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    private func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    private func run(_ executable: String, _ arguments: [String], input: String = "") async throws -> CommandResult {
        try await runner.run(
            Command(
                executable,
                arguments,
                environment: Self.environment,
                input: Array(input.utf8),
                timeout: .seconds(60)
            )
        )
    }

    private static func has(_ path: String) -> Bool { FileManager.default.isExecutableFile(atPath: path) }

    @Test(.enabled(if: Self.has("/usr/sbin/nginx")), arguments: [true, false])
    func `nginx takes its configuration`(seesFiles: Bool) async throws {
        let settings = try sampleSettings { $0.nginxSeesFiles = seesFiles }
        try write(
            NginxConfiguration.render(settings, layout: layout, ports: WorkloadPorts()),
            layout.nginxConfiguration
        )
        let result = try await run(
            "/usr/sbin/nginx",
            ["-t", "-q", "-e", "stderr", "-p", layout.nginxData, "-c", layout.nginxConfiguration]
        )
        // As root nginx says that without a directive it runs its workers as another user; that is all it may say.
        #expect(result.isSuccess, "\(result.errorText)")
        #expect(!result.errorText.contains("[emerg]") && !result.errorText.contains("[warn]"), "\(result.errorText)")
    }

    @Test(.enabled(if: Self.has("/usr/sbin/logrotate")))
    func `logrotate takes its configuration`() async throws {
        try write("one line\n", layout.logs + "/indico.log")
        for (path, text) in [
            (layout.logrotateConfiguration, LogRotation.renderIndico(layout)),
            (layout.nginxLogrotateConfiguration, LogRotation.renderNginx(layout)),
        ] {
            try write(text, path)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            let state = layout.logrotateState
            let result = try await run("/usr/sbin/logrotate", ["--force", "--state", state, path])
            #expect(result.isSuccess && !result.errorText.contains("error"), "\(result.errorText)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: layout.logs)
        #expect(names.contains { $0.hasPrefix("indico.log-") })
    }

    @Test func `indico.conf is what was meant, whatever the values`() async throws {
        let hostile = "x'\n\"\\\u{0}\u{7F}\u{2028}é😀''' + __import__('os').system('false') # {}%s"
        let settings = try sampleSettings {
            $0.secretKey = hostile
            $0.mail?.password = hostile
            $0.broker.password = hostile
            $0.options.supportEmail = hostile
        }
        let path = layout.indicoConfiguration
        try write(IndicoConf.render(settings, layout: layout), path)
        let program = """
            import json, sys
            values = {}
            exec(compile(open(\"\(path)\", encoding='utf-8').read(), 'indico.conf', 'exec'), {}, values)
            json.dump({key: values[key] for key in ('SECRET_KEY', 'SMTP_PASSWORD', 'SUPPORT_EMAIL')}, sys.stdout)
            """
        let result = try await run("/usr/bin/python3", ["-c", program])
        #expect(result.isSuccess, "\(result.errorText)")
        let values = try JSONDecoder().decode([String: String].self, from: Data(result.output))
        #expect(values == ["SECRET_KEY": hostile, "SMTP_PASSWORD": hostile, "SUPPORT_EMAIL": hostile])
    }

    @Test(arguments: [1, 60_000, 200_000])
    func `dashboards are unpacked by Python as Grafana's charm does`(size: Int) async throws {
        let title = String(repeating: "é", count: size)
        let dashboard = try GrafanaDashboard.Dashboard(
            charm: "indico",
            path: "grafana_dashboards/site.json",
            text: Array(#"{"title": "\#(title)"}"#.utf8)
        )
        let topology = JujuTopology(
            model: "m",
            modelUUID: "u",
            application: "indico",
            unit: "indico/0",
            charm: "indico"
        )
        let databag = GrafanaDashboard.applicationDatabag([dashboard], topology: topology)
        let program = """
            import base64, json, lzma, sys
            template = json.load(sys.stdin)['templates']['file:site']
            print(len(json.loads(lzma.decompress(base64.b64decode(template['content'], validate=True)))['title']))
            """
        let result = try await run("/usr/bin/python3", ["-c", program], input: try #require(databag["dashboards"]))
        #expect(result.outputText == "\(size)\n", "\(result.errorText)")
    }

    @Test func `logging.yaml and the module are well formed`() async throws {
        let module = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../charm/workload/indico_workload.py").path
        let compiled = try await run(
            "/usr/bin/python3",
            ["-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", module]
        )
        #expect(compiled.isSuccess, "\(compiled.errorText)")
        let reply = try await run("/usr/bin/python3", [module, "no-such-verb"], input: "{}")
        #expect(!reply.isSuccess)
        #expect(reply.outputText.contains(#""error": "usage""#))
    }

    @Test func `the module answers JSON to what is no JSON`() async throws {
        let module = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../charm/workload/indico_workload.py").path
        for input in ["", "[]", "{", "\u{0}", "{\"email\": 3}"] {
            let reply = try await run("/usr/bin/python3", [module, "add-admin"], input: input)
            #expect(!reply.isSuccess)
            #expect(
                reply.outputText.hasPrefix("{") && reply.outputText.contains(#""ok": false"#),
                "\(reply.outputText)"
            )
        }
    }
}
