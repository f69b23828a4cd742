// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmLogging
import CharmTesting
import Glibc
import LinuxSupport
import Logging
import Testing

/// swift-log on top of the model's log.
@Suite struct LoggingTests {
    private func run(_ event: HookEvent = .start, _ body: @escaping (Model) throws -> Void) throws -> Output {
        try CharmTest { _ in
            TestCharm { observers in
                for trigger in [Trigger.anyHook, .anyAction] { observers.on(trigger) { _, model in try body(model) } }
            }
        }.run(event, in: World())
    }

    @Test func `debug lines of swift-log cost no process, infos go together, a warning at once and in order`() throws {
        let output = try run { model in
            var log = model.logger(label: "schema")
            log[metadataKey: "unit"] = "0"
            log.trace("below the level")
            log.debug("looking", metadata: ["version": "3"])
            model.log.info("one")
            log.info("two")
            log.warning("three")
            log.critical("four", error: HandlerFailure())
        }
        #expect(output.debugLines == ["schema: looking unit=0 version=3"])
        #expect(
            output.log == [
                .init(level: .info, text: "one\nschema: two unit=0"),
                .init(level: .warning, text: "schema: three unit=0"),
                .init(level: .error, text: "schema: four unit=0: HandlerFailure()"),
            ]
        )
        #expect(output.count(.jujuLog) == 3)
    }

    @Test func `lines of other threads come with the next line, none is lost`() throws {
        let output = try run { model in
            let log = model.logger(label: "t")
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            let (readEnd, writeEnd) = (ends[0], ends[1])
            try startThread(named: "logs") {
                log.warning("from a thread")
                close(writeEnd)
            }
            // Returns when the thread closed its end.
            var byte: UInt8 = 0
            #expect(read(readEnd, &byte, 1) == 0)
            close(readEnd)
            model.log.info("after")
        }
        #expect(output.log.map(\.text) == ["t: from a thread", "after"])
    }

    @Test func `in an action even debug lines go by the tool, since output is a result`() throws {
        let output = try run(.action(ActionEvent(name: "go", id: "1"))) { $0.logger(label: "a").debug("x") }
        #expect(output.debugLines.isEmpty)
        #expect(output.log == [.init(level: .debug, text: "a: x")])
    }

    @Test func `a logger that outlives its dispatch does no harm`() throws {
        var kept: Logger?
        let output = try run { kept = $0.logger(label: "k") }
        kept?.warning("too late")
        #expect(output.log.isEmpty)
    }
}
