// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import Testing

/// Guarantee G4: never two schedulers at once, and a bounded time without one.
@Suite struct BeatLeaseTests {
    /// Units that all believe they are elected, over one broker, under a clock of the test's: they are killed, stopped
    /// and started, cut off from the broker, asked and answered late.
    private static let simulation = #"""
        import random, sys
        sys.path.insert(0, sys.argv[1])
        from indico_celery import Lease

        now = 0.0
        class Broker:
            holder, expires = None, 0.0
            def take(self, token, term, at):
                if self.holder not in (None, token) and at < self.expires:
                    return False
                self.holder, self.expires = token, at + term
                return True

        class Lost(Exception):
            pass

        class Unit:
            """Asks as the scheduler does; a question takes its time on the way there and back."""
            def __init__(self, token, broker, dice):
                self.token, self.broker, self.dice = token, broker, dice
                self.cut = self.stopped = 0.0
                self.start(0.0)
            def start(self, at):
                self.lease, self.pending, self.next = Lease(None, lambda: now), None, at
                self.beating = False
            def step(self):
                if now < self.stopped:
                    return
                if self.pending and now >= self.pending[1]:
                    asked, _, answer = self.pending
                    self.pending = None
                    # What Lease.renew does, with the question under way for a while.
                    self.lease.clock, self.lease.take = (lambda: asked), (lambda term: answer)
                    if answer is not None:
                        self.lease.renew()
                    self.lease.clock = lambda: now
                    self.next = now + (4 if self.beating else 2)
                    if self.lease.is_held():
                        self.beating = True
                    elif self.beating:
                        self.start(now + self.dice.uniform(0, 5))
                if not self.pending and now >= self.next:
                    there, back = self.dice.uniform(0, 2), self.dice.uniform(0, 3)
                    reached = now >= self.cut
                    answered = reached and self.dice.random() > 0.05
                    answer = self.broker.take(self.token, Lease.TERM, now + there) if reached else None
                    self.pending = (now, now + there + back, answer if answered else None)
            def schedules(self):
                return now >= self.stopped and self.beating and self.lease.is_held()

        everyone = set()
        for seed in range(int(sys.argv[2])):
            dice, broker, now = random.Random(seed), Broker(), 0.0
            units = [Unit(f'u{n}', broker, dice) for n in range(3)]
            quiet_since, without_since, takers = 0.0, 0.0, set()
            for step in range(4000):
                now = step * 0.5
                if step % 800 < 400 and dice.random() < 0.02:
                    unit, what = dice.choice(units), dice.choice(('kill', 'stop', 'cut'))
                    if what == 'kill': unit.start(now + dice.uniform(0, 20))
                    if what == 'stop': unit.stopped = now + dice.uniform(0, 90)
                    if what == 'cut': unit.cut = now + dice.uniform(0, 90)
                if any(now < max(u.stopped, u.cut) for u in units) or step % 800 < 400:
                    quiet_since = now
                for unit in units:
                    unit.step()
                active = [u.token for u in units if u.schedules()]
                assert len(active) <= 1, (seed, now, active)
                takers |= set(active)
                if active:
                    without_since = now
                assert now - max(without_since, quiet_since) <= Lease.TERM + 40, (seed, now, 'nobody schedules')
            everyone |= takers
        assert len(everyone) == 3, everyone
        print('held')
        """#

    @Test func `of units that all believe they are elected one schedules, whatever happens to them`() async throws {
        let module = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../charm/workload")
        let runner = CommandRunner(reaper: try ProcessReaper())
        let result = try await runner.run(
            Command(
                "/usr/bin/python3",
                ["-B", "-c", Self.simulation, module.path, "60"],
                environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"],
                timeout: .seconds(300)
            )
        )
        #expect(result.isSuccess && result.outputText == "held\n", "\(result.errorText)")
    }
}
