// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import Testing

@testable import IndicoCharm

@Suite struct WorkloadFileTests {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../charm/workload").path

    @Test func `every module of the charm goes to the workload, but those that run elsewhere`() throws {
        let here = try FileManager.default.contentsOfDirectory(atPath: Self.directory).filter { $0.hasSuffix(".py") }
        // One is run beside a backup of somebody else's, one beside the provider of an identity.
        let elsewhere = ["indico_import.py", "indico_providers.py"]
        #expect(Set(WorkloadFile.allCases.map(\.name)) == Set(here).subtracting(elsewhere))
    }

    @Test func `every verb is a function of the module that is named for it, and no module needs Indico to be loaded`()
        async throws
    {
        let result = try await CommandRunner(reaper: try ProcessReaper()).run(
            Command(
                "/usr/bin/python3",
                [
                    "-B", "-c",
                    """
                    import sys
                    sys.path.insert(0, sys.argv[1])
                    import indico_workload
                    for name in indico_workload.VERBS:
                        assert callable(indico_workload.verb(name)), name
                    assert not [name for name in sys.modules if name.partition('.')[0] in ('indico', 'celery', 'flask')]
                    """, Self.directory,
                ],
                environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"],
                timeout: .seconds(60)
            )
        )
        #expect(result.exit.isSuccess, "\(result.errorText)")
    }
}
