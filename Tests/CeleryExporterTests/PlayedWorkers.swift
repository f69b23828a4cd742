// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport

@testable import CeleryExporter

/// Two workers that answer remote control as Celery's do, one in JSON and one in pickles, played by Python.
struct PlayedWorkers {
    private static let script = """
        import base64, json, pickle, socket, sys
        port, password = int(sys.argv[1]), sys.stdin.readline().strip()

        def connect():
            connection = socket.create_connection(('127.0.0.1', port))
            lines = connection.makefile('rb')
            def call(*words):
                words = [word if isinstance(word, bytes) else word.encode() for word in words]
                connection.sendall(b'*%d\\r\\n' % len(words) + b''.join(b'$%d\\r\\n%s\\r\\n' % (len(w), w) for w in words))
                return read()
            def read():
                line = lines.readline()
                if line[:1] == b'*': return [read() for _ in range(int(line[1:]))]
                if line[:1] == b'$': return lines.read(int(line[1:]) + 2)[:-2]
                return line[1:-2]
            call('AUTH', password); call('SELECT', '1')
            return call, read

        workers = {'json@a': (['celery', 'slow'], [11, 12, 13]), 'pickle@b': (['celery'], [21, 22])}
        listen, wait = connect()
        answer, _ = connect()
        listen('PSUBSCRIBE', '/1.celery.pidbox')
        # The second worker's ear: how many listen is how many answers are waited for.
        second, _ = connect()
        second('PSUBSCRIBE', '/1.celery.pidbox')
        print('ready=1', flush=True)
        while True:
            envelope = json.loads(wait()[3])
            question = json.loads(base64.b64decode(envelope['body']))
            key = question['reply_to']['routing_key']
            [member] = answer('SMEMBERS', '_kombu.binding.' + question['reply_to']['exchange'])
            rkey, _, queue = member.decode().split('\\x06\\x16')
            assert rkey == key
            for name, (queues, processes) in workers.items():
                value = ([{'name': q, 'routing_key': q} for q in queues] if question['method'] == 'active_queues'
                         else {'pid': 1, 'pool': {'processes': processes, 'timeouts': (0, 0)}})
                is_pickle = name.startswith('pickle')
                body = pickle.dumps({name: value}, 2) if is_pickle else json.dumps({name: value}).encode()
                kind = 'application/x-python-serialize' if is_pickle else 'application/json'
                answer('LPUSH', queue, json.dumps({
                    'body': base64.b64encode(body).decode(), 'content-type': kind, 'content-encoding': 'binary',
                    'headers': {'ticket': question['ticket'], 'clock': 3}, 'properties': {'body_encoding': 'base64'}}))
        """

    private let redis: RedisServer

    init(_ redis: RedisServer) throws {
        self.redis = redis
    }

    /// Runs a body while the workers answer.
    func `while`(_ body: () async throws -> Void) async throws {
        let reaper = try ProcessReaper()
        let pipe = try Pipe()
        let words = Array((RedisServer.password + "\n").utf8)
        try FileBytes.write(words, to: pipe.writeEnd, named: "the password")
        pipe.closeWriteEnd()
        let child = try reaper.spawn(
            SpawnRequest(
                executable: "/usr/bin/python3",
                arguments: ["python3", "-c", Self.script, "\(redis.url.port)"],
                environment: [:],
                standardInput: pipe.readEnd
            )
        )
        pipe.closeReadEnd()
        let failure: (any Error)?
        do {
            try await body()
            failure = nil
        } catch {
            failure = error
        }
        child.send(.kill)
        _ = await child.exit()
        if let failure { throw failure }
    }
}
