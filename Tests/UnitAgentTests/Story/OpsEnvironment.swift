// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// A Python environment with Canonical's `ops` from PyPI, made once beside the tests.
enum OpsEnvironment {
    static let version = "2.23.1"

    /// Whether tests that need it run, which take minutes and fetch from PyPI; `make test-deep` says so.
    static let isWanted = getenv("INDICO_OPERATOR_TEST_OPS") != nil

    /// The interpreter, or nil where Python's venv module or PyPI cannot be had.
    static let python: String? = make()

    private static func make() -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer[..<max(length, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let directory = own[..<(own.lastIndex(of: "/") ?? own.startIndex)] + "/ops-\(version)"
        let python = "\(directory)/bin/python"
        // The last step of a former run: an environment that was half made is made anew.
        let isImportable = { run(python, ["-c", "import ops; assert ops.__version__ == '\(version)'"]) }
        if access(python, X_OK) == 0, isImportable() { return python }
        guard run("/usr/bin/python3", ["-m", "venv", "--clear", String(directory)]),
            run(python, ["-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "30", "ops==\(version)"]),
            isImportable()
        else { return nil }
        return python
    }

    private static func run(_ executable: String, _ arguments: [String]) -> Bool {
        var environment: [String: String] = [:]
        // What pip needs to know of the network comes from outside.
        for name in ["PATH", "HOME", "PIP_CERT", "PIP_INDEX_URL", "PIP_FIND_LINKS", "HTTPS_PROXY", "https_proxy"] {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        let request = SpawnRequest(
            executable: executable,
            arguments: [executable] + arguments,
            environment: environment
        )
        guard access(executable, X_OK) == 0, let pid = try? ProcessSpawner.spawn(request) else { return false }
        var status: Int32 = 0
        while waitpid(pid.rawValue, &status, 0) < 0 && errno == EINTR {}
        return status == 0
    }
}
