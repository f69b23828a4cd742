// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

@Suite struct PipMeterTests {
    @Test func `requirements are counted without comments, options and continuations`() {
        let text = "# c\nalembic==1.10.4\n\n--no-binary uwsgi\namqp==5.1.1 \\\n    --hash=sha256:0\n"
        #expect(PipMeter.count(in: text) == 2)
    }

    @Test func `each package moves the bar by one, and what is built is named`() {
        var meter = PipMeter(total: 3)
        meter.read("Collecting alembic==1.10.4 (from -r requirements.txt (line 20))")
        meter.read("  Downloading alembic-1.10.4-py3-none-any.whl (212 kB)")
        #expect(meter.done == 1)
        #expect(meter.detail == "1/3 alembic")
        meter.read("Collecting uwsgi==2.0.31")
        meter.read("  Building wheel for uwsgi (setup.py): started")
        #expect(meter.done == 2)
        #expect(meter.detail == "building uwsgi")
    }

    @Test func `it never goes past its end`() {
        var meter = PipMeter(total: 1)
        for _ in 0..<3 { meter.read("Collecting a==1") }
        #expect(meter.done == 1)
    }

    @Test func `no network, a full disk and anything else read differently`() {
        let network = PipFailure.explain(["ERROR: No matching distribution found for alembic==1.10.4"], log: "/l")
        #expect(network.message == "the Python packages cannot be fetched from PyPI")
        let disk = PipFailure.explain(
            ["ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"],
            log: "/l"
        )
        #expect(disk.message == "the disk is full")
        let other = PipFailure.explain(["error: command 'gcc' failed"], log: "/l")
        #expect(other.remedy.contains("/l"))
    }
}
