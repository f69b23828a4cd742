// SPDX-License-Identifier: Apache-2.0
import Glibc
import OneMachine
import Testing

@Suite struct SettingsTests {
    @Test func `a busy port is stepped over, and the choice stays`() throws {
        let scratch = try Scratch()
        let state = try scratch.state
        try FileStore.makeDirectory(state.path, mode: 0o755)
        var settings = Settings()
        try settings.choosePorts { $0 != 15432 }
        #expect(settings.ports == [.postgresql: 15442, .redisCache: 16379, .redisBroker: 16380])
        try settings.write(to: state)
        var read = try Settings.read(from: state)
        #expect(read == settings)
        try read.choosePorts { _ in true }
        #expect(read == settings)
    }

    @Test func `an external server takes no port and its password stays ours`() throws {
        let scratch = try Scratch()
        let state = try scratch.state
        try FileStore.makeDirectory(state.path, mode: 0o755)
        var settings = Settings(external: [.postgresql: try .postgresql("postgresql://u:p@db:1/n")])
        try settings.choosePorts { _ in true }
        #expect(settings.ports[.postgresql] == nil)
        try settings.write(to: state)
        #expect(try Settings.read(from: state) == settings)
        let status = try #require(FileStore.status(of: state.settings))
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func `credentials are made once`() throws {
        let scratch = try Scratch()
        let state = try scratch.state
        try FileStore.makeDirectory(state.servers, mode: 0o755)
        let made = try Credentials.ensure(in: state)
        #expect(try Credentials.ensure(in: state) == made)
        #expect(Set([made.postgresql, made.redisCache, made.redisBroker]).count == 3)
        let status = try #require(FileStore.status(of: state.credentials))
        #expect(status.st_mode & 0o777 == 0o600)
    }
}
