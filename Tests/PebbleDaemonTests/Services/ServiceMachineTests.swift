// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import PebbleAPI
import PebblePlan
import Testing

@testable import PebbleDaemon

@Suite struct ServiceMachineTests {
    private let now = Timestamp(seconds: 1000)

    private func service(_ change: (inout Service) -> Void = { _ in }) -> Service {
        var service = Service(name: "web", override: .replace, command: "web")
        change(&service)
        return service
    }

    /// A machine whose service runs past its first second.
    private func running(_ change: (inout Service) -> Void = { _ in }) -> ServiceMachine {
        var machine = ServiceMachine(name: "web")
        _ = machine.handle(.start(service(change)), now: now)
        _ = machine.handle(.spawned, now: now)
        _ = machine.handle(.timerFired, now: now + .seconds(1))
        return machine
    }

    @Test func `a start is a success once the process has run for a second`() {
        var machine = ServiceMachine(name: "web")
        #expect(machine.handle(.start(service()), now: now) == [.cancelTimer, .spawn])
        #expect(machine.handle(.spawned, now: now) == [.setTimer(.seconds(1))])
        #expect(machine.status == .active)
        #expect(machine.handle(.timerFired, now: now) == [.finishStart(.done)])
        #expect(machine.phase == .running)
    }

    @Test func `a second start has nothing to do`() {
        var machine = running()
        let outcome = TaskOutcome.nothingToDo("Service \"web\" already started.")
        #expect(machine.handle(.start(service()), now: now) == [.finishStart(outcome)])
    }

    @Test func `an exit within the first second fails the start, and is still acted upon`() {
        var machine = ServiceMachine(name: "web")
        _ = machine.handle(.start(service()), now: now)
        _ = machine.handle(.spawned, now: now)
        let effects = machine.handle(.exited(.exited(code: 3)), now: now)
        let reason = "service start attempt: exited quickly with code 3, will restart"
        #expect(effects.contains(.finishStart(.failedWithOutput(reason))))
        #expect(effects.contains(.setTimer(.milliseconds(500))))
        #expect(machine.status == .backoff)
    }

    @Test func `a program that cannot be run is not tried again at a start, but is after a back-off`() {
        var machine = ServiceMachine(name: "web")
        _ = machine.handle(.start(service()), now: now)
        let failed = TaskOutcome.failed("cannot start service: fork/exec /x: no such file or directory")
        let reason = "fork/exec /x: no such file or directory"
        #expect(machine.handle(.spawnFailed(reason), now: now) == [.finishStart(failed)])
        #expect(machine.status == .inactive)

        machine = running()
        _ = machine.handle(.exited(.exited(code: 1)), now: now)
        #expect(machine.handle(.timerFired, now: now) == [.spawn])
        _ = machine.handle(.spawnFailed(reason), now: now)
        #expect(machine.phase == .backoff)
    }

    @Test func `delays grow up to the limit and begin anew after a run as long as it`() {
        var machine = running { $0.backoffLimit = .seconds(2) }
        var time = now
        var delays: [Duration] = []
        for _ in 0..<4 {
            let effects = machine.handle(.exited(.exited(code: 1)), now: time)
            for case .setTimer(let delay) in effects { delays.append(delay) }
            _ = machine.handle(.timerFired, now: time)
            _ = machine.handle(.spawned, now: time)
        }
        #expect(delays == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(2)])
        // A clock set to tomorrow is no long run ...
        time = time + .seconds(86_400)
        #expect(machine.handle(.exited(.exited(code: 1)), now: time).contains(.setTimer(.seconds(2))))
        _ = machine.handle(.timerFired, now: time)
        _ = machine.handle(.spawned, now: time)
        // ... and one set to yesterday none that counts less.
        time = time + .seconds(-200_000)
        #expect(
            machine.handle(.exited(.exited(code: 1), after: .seconds(2)), now: time).contains(
                .setTimer(.milliseconds(500))
            )
        )
    }

    @Test func `a stop asks, then kills, then gives up`() {
        var machine = running { $0.killDelay = .seconds(3) }
        #expect(machine.handle(.stop, now: now) == [.signalGroup(.terminate), .setTimer(.seconds(3))])
        #expect(machine.status == .inactive)
        #expect(machine.handle(.timerFired, now: now) == [.signalGroup(.kill), .setTimer(.seconds(5))])
        let outcome = TaskOutcome.failed("process still running after SIGTERM and SIGKILL")
        #expect(machine.handle(.timerFired, now: now) == [.finishStop(outcome)])
        // It is still there, so nothing may be started beside it.
        let refused = TaskOutcome.failed("cannot start service while terminating")
        #expect(machine.handle(.start(service()), now: now) == [.finishStart(refused)])
    }

    @Test func `a stop during the first second fails the start`() {
        var machine = ServiceMachine(name: "web")
        _ = machine.handle(.start(service()), now: now)
        _ = machine.handle(.spawned, now: now)
        let effects = machine.handle(.stop, now: now)
        #expect(effects.first == .finishStart(.failed("stopped before the 1s okay delay")))
        #expect(machine.handle(.exited(.signalled(number: 15)), now: now) == [.cancelTimer, .finishStop(.done)])
    }

    @Test func `stopping what does not run says why there was nothing to do`() {
        var machine = ServiceMachine(name: "web")
        let never = TaskOutcome.nothingToDo("Service \"web\" has never been started.")
        #expect(machine.handle(.stop, now: now) == [.finishStop(never)])
        machine = running { $0.onFailure = .ignore }
        _ = machine.handle(.exited(.exited(code: 1)), now: now)
        let exited = TaskOutcome.nothingToDo("Service \"web\" had already exited.")
        #expect(machine.status == .error)
        #expect(machine.handle(.stop, now: now) == [.finishStop(exited)])
        // Who stops it has seen the error.
        #expect(machine.status == .inactive)
        let stopped = TaskOutcome.nothingToDo("Service \"web\" already stopped.")
        #expect(machine.handle(.stop, now: now) == [.finishStop(stopped)])
    }

    @Test(arguments: [
        (ServiceAction.shutdown, Int32(0), ShutdownReason.success),
        (.failureShutdown, 0, .serviceFailure),
        (.shutdown, 1, .serviceFailure),
        (.successShutdown, 1, .success),
    ])
    func `an end can end the daemon`(action: ServiceAction, code: Int32, reason: ShutdownReason) {
        var machine = running {
            $0.onSuccess = action
            $0.onFailure = action
        }
        #expect(machine.handle(.exited(.exited(code: code)), now: now).contains(.shutDown(reason)))
    }

    @Test func `a failed check restarts what runs, by way of a stop and a back-off`() {
        var machine = running()
        #expect(machine.handle(.checkFailed(.restart), now: now).first == .signalGroup(.terminate))
        let effects = machine.handle(.exited(.signalled(number: 15)), now: now)
        #expect(effects.contains(.setTimer(.milliseconds(500))))
        #expect(machine.status == .backoff)
    }

    @Test func `a stop asked for while a failed check restarts the service wins`() {
        var machine = running()
        _ = machine.handle(.checkFailed(.restart), now: now)
        _ = machine.handle(.stop, now: now)
        #expect(machine.handle(.exited(.signalled(number: 15)), now: now) == [.cancelTimer, .finishStop(.done)])
    }

    @Test func `a failed check leaves a service alone that nobody started`() {
        var machine = ServiceMachine(name: "web")
        #expect(machine.handle(.checkFailed(.restart), now: now).isEmpty)
        #expect(machine.handle(.checkFailed(.shutdown), now: now).isEmpty)
    }

    @Test func `an aborted start kills at once`() {
        var machine = ServiceMachine(name: "web")
        _ = machine.handle(.start(service()), now: now)
        _ = machine.handle(.spawned, now: now)
        let effects = machine.handle(.abortStart, now: now)
        #expect(effects.contains(.signalGroup(.kill)))
        #expect(effects.contains(.finishStart(.failed("start aborted, sent SIGKILL to process"))))
    }

    @Test func `the time shown changes only with the status shown`() {
        var machine = running()
        #expect(machine.since == now)
        _ = machine.handle(.stop, now: now + .seconds(5))
        _ = machine.handle(.exited(.signalled(number: 15)), now: now + .seconds(6))
        #expect(machine.since == now + .seconds(5))
    }

    @Test func `jitter adds a tenth at most`() {
        #expect(Backoff.jittered(.seconds(10), 0) == .seconds(10))
        #expect(Backoff.jittered(.seconds(10), 1) == .seconds(11))
    }

    @Test func `a replan restarts what changed and starts what is enabled`() {
        var plan = Plan()
        for name in ["same", "changed", "new", "off"] {
            var service = Service(name: name, override: .replace, command: name)
            service.startup = name == "new" ? .enabled : .disabled
            plan.services[name] = service
        }
        var old = plan.services
        old["changed"]?.command = "older"
        let running = old.filter { $0.key == "same" || $0.key == "changed" }
        let decision = ReplanDecision(plan: plan, running: running)
        #expect(decision.stop == ["changed"])
        #expect(decision.start == ["changed", "new"])
    }
}
