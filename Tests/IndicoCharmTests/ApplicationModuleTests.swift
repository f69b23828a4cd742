// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import Testing

/// What a worker makes of a connection to the database, with connections that say what they are told to.
///
/// With the real ones it is shown by `make integrations`.
@Suite struct ApplicationModuleTests {
    private static let stubs = """
        import sys, types
        sys.path.insert(0, sys.argv[1])
        psycopg2 = types.ModuleType('psycopg2')
        psycopg2.OperationalError = type('OperationalError', (Exception,), {})
        psycopg2.InterfaceError = type('InterfaceError', (Exception,), {})
        exc = types.ModuleType('sqlalchemy.exc')
        exc.DisconnectionError = type('DisconnectionError', (Exception,), {})
        sys.modules |= {'psycopg2': psycopg2, 'sqlalchemy': types.ModuleType('sqlalchemy'), 'sqlalchemy.exc': exc}
        import indico_application as application, indico_common as common, indico_sessions as sessions
        class Connection:
            closed, autocommit = 0, False
            def __init__(self, identity):
                self.identity = identity
            def cursor(self):
                return self
            def __enter__(self):
                assert self.autocommit
                return self
            def __exit__(self, *_):
                pass
        def identity(cursor):
            if cursor.identity is None:
                cursor.closed = 2
                raise psycopg2.OperationalError('server closed the connection unexpectedly')
            return cursor.identity
        common.database_identity = identity
        sessions.guard_sessions = lambda request: print('dropped')

        """

    private func run(_ lines: String) async throws -> CommandResult {
        let modules = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../charm/workload").path
        return try await CommandRunner(reaper: try ProcessReaper()).run(
            Command(
                "/usr/bin/python3",
                ["-B", "-c", Self.stubs + lines, modules],
                environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"],
                timeout: .seconds(60)
            )
        )
    }

    @Test func `a connection to the same database is used, and is as it was`() async throws {
        let result = try await run(
            """
            for connection in Connection('1/2/3'), Connection('1/2/3'):
                application.look(connection)
                assert connection.autocommit is False
            print('served')
            """
        )
        #expect(result.outputText == "served\n" && result.isSuccess, "\(result.errorText)")
    }

    @Test func `a connection that is dead is replaced`() async throws {
        let result = try await run(
            """
            application.look(Connection('1/2/3'))
            try:
                application.look(Connection(None))
            except exc.DisconnectionError as error:
                print(error)
            application.look(Connection('1/2/3'))
            """
        )
        #expect(result.outputText == "server closed the connection unexpectedly\n" && result.isSuccess)
    }

    @Test func `a worker that meets another database drops the sessions and ends, and serves nobody`() async throws {
        let result = try await run(
            """
            application.look(Connection('1/2/3'))
            application.look(Connection('1/2/4'))
            print('served')
            """
        )
        #expect(!result.isSuccess && !result.outputText.contains("served"))
        #expect(result.errorText.contains("another (1/2/4, not 1/2/3)"), "\(result.errorText)")
    }

    @Test(arguments: [(1, false), (2, false), (9, true)])
    func `workers take turns at loading where processors are few`(processors: Int, together: Bool) async throws {
        let result = try await run(
            """
            import os, tempfile
            with tempfile.TemporaryDirectory() as directory:
                inside, inform = os.pipe()
                with application.turn(directory, 1, \(processors)):
                    child = os.fork()
                    if not child:
                        with application.turn(directory, 2, \(processors)):
                            os.write(inform, b'x')
                        os._exit(0)
                    import select
                    if \(together ? "True" : "False"):
                        assert os.read(inside, 1) == b'x'
                    else:
                        assert not select.select([inside], [], [], 0.5)[0]
                if not \(together ? "True" : "False"):
                    assert os.read(inside, 1) == b'x'
                os.waitpid(child, 0)
            print('done')
            """
        )
        #expect(result.outputText == "done\n" && result.isSuccess, "\(result.errorText)")
    }
}
