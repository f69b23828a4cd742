// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import NIOCore
import NIOPosix
import PebbleAPI

extension Supervisor {
    /// Makes a change that runs a command once its client has connected.
    func exec(_ request: ExecRequest) throws(DaemonError) -> (change: String, ExecReply) {
        let setup = try ExecSetup(
            request,
            plan: plan,
            daemonEnvironment: surroundings.environment,
            accounts: surroundings.accounts
        )
        let summary = "Execute command \"\(request.command[0])\""
        let task = TaskPlan(kind: "exec", summary: summary, subject: "", lane: 0)
        let change = makeChange(kind: "exec", summary: summary, tasks: [task], initialStatus: .doing)
        let id = change.taskIDs[0]
        let session = ExecSession(taskID: id, setup: setup)
        execSessions[id] = session
        laneTasks[change.id] = startTask { await $0.run(id) }
        let reply = ExecReply(
            environment: setup.environment,
            taskID: id,
            workingDirectory: setup.directory
        )
        return (change.id, reply)
    }

    /// What there is at a task's socket: the session, or why there is none.
    ///
    /// Nil for a command that ended well.
    func execSession(task id: String, socket name: String) throws(DaemonError) -> (ExecSession, ExecSocket)? {
        guard let task = document.tasks[id] else {
            throw DaemonError(.notFound, "cannot find task \"\(id)\"")
        }
        guard task.kind == "exec" else {
            throw DaemonError(.invalid, "\"\(task.kind)\" tasks do not have websockets")
        }
        guard let session = execSessions[id] else {
            if task.status == .error, let change = document.changes[task.change] {
                throw DaemonError(.failed, ChangeRules.error(of: tasks(of: change)) ?? "")
            }
            return nil
        }
        guard let socket = ExecSocket(rawValue: name), session.offered.contains(socket) else {
            throw DaemonError(.notFound, "cannot find \(name) websocket for task \"\(id)\"")
        }
        guard !session.isConnected(socket) else {
            throw DaemonError(.failed, "\(name) websocket already connected")
        }
        return (session, socket)
    }

    func hasExecSocket(task: String, socket: String) throws(DaemonError) -> Bool {
        try execSession(task: task, socket: socket) != nil
    }

    /// Kills the commands of clients with all they started, and waits a moment for their ends.
    func abortCommands() async {
        for (id, session) in execSessions {
            session.abort()
            session.killDescendants()
            guard let change = document.tasks[id]?.change else { continue }
            _ = try? await waitForChange(change, timeout: .seconds(1))
        }
    }

    private func run(_ id: String) async {
        guard let session = execSessions[id] else { return }
        let timer = schedule(in: surroundings.execPatience) { $0.execSessions[id]?.giveUpWaiting() }
        let isReady = await session.waitUntilReady()
        timer.cancel()
        defer {
            session.finish()
            execSessions[id] = nil
        }
        guard isReady else {
            let reason = session.isOver ? "aborted" : "context deadline exceeded"
            finish(id, error: "exec \(id): timeout waiting for websocket connections: \(reason)")
            return
        }
        do {
            let (exit, isTimedOut) = try await execute(session)
            let code = isTimedOut ? -1 : Int64(exit.code)
            update(id) { $0.data = ["exit-code": .integer(code)] }
            if isTimedOut, let timeout = session.setup.timeout {
                finish(id, error: "timed out after \(GoDuration(timeout)): context deadline exceeded")
            } else {
                update(id) { $0.status = .done }
            }
        } catch {
            finish(id, error: "\(error)")
        }
    }

    private func finish(_ id: String, error: String) {
        log(id, "ERROR", error)
        update(id) { $0.status = .error }
    }

    private func execute(_ session: ExecSession) async throws -> (ProcessExit, isTimedOut: Bool) {
        let setup = session.setup
        var request = SpawnRequest(
            executable: setup.executable,
            arguments: setup.arguments,
            environment: setup.environment,
            directory: setup.directory,
            identity: setup.identity,
            standing: .ownSession
        )
        // Nobody can hear from it once the daemon is gone. (The thread it is started on, the supervisor's, never ends.)
        request.endsWithParent = true
        let id = session.taskID
        request.beforeExecution = { pid in
            self.assumeIsolated { $0.remember(.command, pid, of: "the command of task \(id)", killDelay: .zero) }
        }
        let theirs = try await open(session, &request)
        let spawned = Result { () throws(SystemError) in try surroundings.reaper.spawn(request) }
        for descriptor in theirs { close(descriptor) }
        guard case .success(let child) = spawned else {
            for channel in session.outputs.values { channel.close(promise: nil) }
            return (try spawned.get().ended ?? .exited(code: 255), false)
        }
        session.child = child
        if session.isOver { child.send(.kill) }
        var timer: Scheduled<Void>?
        if let timeout = setup.timeout {
            timer = schedule(in: timeout) { supervisor in
                guard let session = supervisor.execSessions[id] else { return }
                session.isTimedOut = true
                child.send(.kill)
                // Its children too: they hold the output that the client waits for.
                child.sendToGroup(.kill)
            }
        }
        let exit = await child.exit()
        await session.waitUntilDrained()
        forgetCommand(child.pid)
        timer?.cancel()
        return (exit, session.isTimedOut)
    }

    /// Opens the streams; returns the descriptors that are the command's and are to be closed once it has them.
    private func open(_ session: ExecSession, _ request: inout SpawnRequest) async throws -> [Int32] {
        var theirs: [Int32] = []
        do {
            if session.setup.isTerminal {
                try await openTerminal(session, &request, &theirs)
            } else {
                let output = try Pipe()
                output.widen(to: ServiceOutputHandler.pipeSize)
                theirs.append(output.writeEnd)
                try await read(output.readEnd, session, .stdio)
                request.standardOutput = output.writeEnd
                request.standardError = output.writeEnd
                if session.setup.splitsError {
                    let error = try Pipe()
                    theirs.append(error.writeEnd)
                    try await read(error.readEnd, session, .stderr)
                    request.standardError = error.writeEnd
                }
            }
            if !session.setup.isInteractive {
                let input = try Pipe()
                theirs.append(input.readEnd)
                request.standardInput = input.readEnd
                session.openInput(try await write(input.writeEnd, session))
            }
            return theirs
        } catch {
            for descriptor in theirs { close(descriptor) }
            throw error
        }
    }

    private func openTerminal(
        _ session: ExecSession,
        _ request: inout SpawnRequest,
        _ theirs: inout [Int32]
    ) async throws {
        let terminal = try PseudoTerminal()
        theirs.append(terminal.terminal)
        if session.setup.columns > 0, session.setup.rows > 0 {
            try terminal.resize(columns: session.setup.columns, rows: session.setup.rows)
        }
        request.standardOutput = terminal.terminal
        request.standardError = terminal.terminal
        request.controllingTerminal = terminal.terminal
        session.attach(terminal: terminal.controller)
        if session.setup.isInteractive {
            request.standardInput = terminal.terminal
            let copy = dup(terminal.controller)
            guard copy >= 0 else { throw SystemError.last("dup") }
            session.openInput(try await write(copy, session))
        }
        try await read(terminal.controller, session, .stdio)
    }

    private func read(_ descriptor: Int32, _ session: ExecSession, _ socket: ExecSocket) async throws {
        let id = session.taskID
        let actions = ExecPipeHandler.Actions(
            read: { data in self.assumeIsolated { $0.execSessions[id]?.output(data, to: socket) } },
            ended: { self.assumeIsolated { $0.execSessions[id]?.outputEnded() } }
        )
        let channel = try await ExecPipeHandler.bootstrap(on: loop, actions)
            .takingOwnershipOfDescriptor(input: descriptor).get()
        session.beginOutput(socket, channel)
    }

    private func write(_ descriptor: Int32, _ session: ExecSession) async throws -> any Channel {
        let id = session.taskID
        let actions = ExecPipeHandler.Actions(
            writable: { self.assumeIsolated { $0.execSessions[id]?.inputHasRoom() } },
            ended: { self.assumeIsolated { $0.execSessions[id]?.inputHasRoom() } }
        )
        return try await ExecPipeHandler.bootstrap(on: loop, actions)
            .takingOwnershipOfDescriptor(output: descriptor).get()
    }
}
