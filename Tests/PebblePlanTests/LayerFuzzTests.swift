// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import PebblePlan
import Testing

/// Layers nobody would write: a seeded generator damages good ones, and what comes out is taken in one of two ways.
///
/// `FUZZ_CASES` and `FUZZ_SEED` in the environment make it longer or another: `make fuzz` sets both.
@Suite struct LayerFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["FUZZ_CASES"].flatMap { Int($0) } ?? 4000
    private static let seed = environment["FUZZ_SEED"].flatMap { UInt64($0) } ?? 1

    @Test func `a damaged layer is read or refused with a place, and what is read can be written`() {
        var generator = LayerGenerator(seed: Self.seed)
        var accepted = 0
        for number in 0..<Self.count {
            let text = generator.next()
            guard let complaint = Self.complaint(about: text, accepted: &accepted) else { continue }
            Issue.record("case \(number) of seed \(Self.seed): \(complaint)\n\(text.debugDescription)")
        }
        // A generator that makes nothing but nonsense tests the first line of the parser only.
        #expect(accepted * 20 > Self.count)
        #expect(accepted < Self.count)
    }

    @Test(arguments: LayerGenerator.corpus)
    func `what was once a surprise is none any more`(text: String) {
        var accepted = 0
        #expect(Self.complaint(about: text, accepted: &accepted) == nil)
    }

    /// What is wrong with how a text was taken; nil when all is well.
    private static func complaint(about text: String, accepted: inout Int) -> String? {
        let layer: Layer
        do throws(PlanError) {
            layer = try Layer.parse(yaml: text, label: "fuzz", accounts: accounts)
        } catch {
            // YAML 1.1 counts more as ends of lines than most programs do.
            let lines = text.unicodeScalars.count { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) } + 1
            if error.problems.contains(where: { $0.message.isEmpty }) { return "a problem without words" }
            let places = error.problems.compactMap(\.line)
            return places.allSatisfy { (1...lines).contains($0) } ? nil : "a problem on a line there is not: \(places)"
        }
        accepted += 1
        do {
            let again = try Layer.parse(yaml: layer.yaml(), label: "fuzz", accounts: accounts)
            guard again == layer else { return "written and read again it is another: \(layer.yaml())" }
        } catch {
            return "written, it cannot be read again: \(error)\n\(layer.yaml())"
        }
        // Twice over itself, as a client that adds its layer again does.
        guard let twice = try? layer.combined(with: layer), let plan = try? Plan.combine([layer, twice]) else {
            return nil
        }
        let isValid = (try? plan.validate()) != nil
        do {
            _ = try Layer.parse(yaml: plan.yaml(), label: "plan", accounts: accounts)
        } catch  where isValid {
            return "the plan, written, cannot be read: \(error)\n\(plan.yaml())"
        } catch {
            return nil
        }
        return nil
    }
}

/// Makes texts of layers, the same ones for the same seed.
private struct LayerGenerator {
    /// Texts that once went wrong, and some that might.
    static let corpus = [
        "", "\0", "---", "--- \n---\n", "\u{FEFF}services: {}", "a: *a", "&a a: *a", "&a [*a]", "? {a: b}\n: c",
        "? [a]\n: {}",
        "<<: 1", "<<: [1]", "<<: {<<: {services: {}}}", "services: !!binary aGk=", "services: !!set {a}",
        "!!str services: {}",
        "services:\n  ? |\n    a\n  : override: replace\n", "services:\n  ~: {override: replace}",
        "services:\n  1: {override: replace}",
        "services:\n  \"\": {override: replace, command: x}", "services:\n  a: {override: replace, command: \"\\0\"}",
        "services:\n  a: {override: replace, command: x, kill-delay: 9223372036854775807ns}",
        "services:\n  a: {override: replace, command: x, backoff-factor: .inf}",
        "services:\n  a: {override: replace, command: x, backoff-factor: .nan}",
        "services:\n  a: {override: replace, command: x, backoff-factor: 1e400}",
        "services:\n  a: {override: replace, command: x, backoff-factor: -1e300}",
        "services:\n  a: {override: replace, command: x, backoff-factor: -.inf}",
        "services:\n  a: {override: replace, command: x, user-id: 99999999999999999999, group-id: -1}",
        "services:\n  a: {override: replace, command: x, environment: {\"A=B\": c, \"\": d, \"\\u2028\": \"\\x85\"}}",
        "checks:\n  a: {override: replace, period: 0s, tcp: {port: 99999999999}}",
        String(repeating: "[", count: 20_000),
        "checks:\n  a: {override: replace, threshold: -1, exec: {command: '[ a'}}",
        String(repeating: "- ", count: 20_000),
        "services:\n  a:\n    override: replace\n    command: x\n    summary: \"a\\n b\\n\\n\"\n    description: \" \\n\"\n",
        "services: {a: {override: replace, command: x, after: [a], before: [a], requires: [a]}}",
    ]

    private static let good = [
        """
        summary: all
        services:
          web:
            override: replace
            command: "serve --port 80 [ -v 'a b' ]"
            startup: enabled
            after: [db]
            requires:
              - db
            environment: {A: "1", B: x y}
            on-failure: restart
            on-check-failure: {up: restart}
            backoff-delay: 1.5s
            backoff-factor: 1.5
            kill-delay: 300ms
            user: indico
          db: &db
            override: merge
            command: database
            working-dir: /tmp
        """,
        """
        checks:
          up:
            override: replace
            level: ready
            period: 10s
            timeout: 1s
            threshold: 3
            http:
              url: http://localhost/
              headers: {X: "1"}
          deep:
            override: merge
            exec: {command: "test -e /", service-context: web, environment: {A: b}}
          port: {override: replace, tcp: {port: 80, host: localhost}}
        """,
        """
        log-targets:
          loki:
            override: replace
            type: loki
            location: http://localhost/
            services: [all, -web]
            labels: {env: $ENV, "a:b": "c #d"}
        workloads:
          w: {override: replace, group: www, user: indico, environment: {"0x1": "yes"}}
        pairing: {mode: single}
        """,
    ]

    private static let pieces = [
        ":", "-", "?", "&a ", "*a", "<<: ", "!!str ", "!!int ", "|", ">", "'", "\"", "#", "{", "}", "[", "]", ",", "\n",
        "  ", "\t", "~",
        "null", "true", "0x7f", "1e9", ".nan", "-.inf", "-1e300", "2026-11-22", "\u{0}", "\u{85}", "\u{2028}",
        "\u{FEFF}", "\u{1F600}", "e\u{301}", "--- ",
        "services:\n", "override: replace\n", "command: x\n", "-1s", "9999999h", "%YAML 1.1\n", "\r", "\r\n", "on", "y",
        "\\x00", "''",
    ]

    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> String {
        var bytes = Array(pick(Self.good).utf8)
        for _ in 0..<Int(1 + random(4)) { damage(&bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func damage(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let start = Int(random(UInt64(bytes.count)))
        let end = min(bytes.count, start + Int(1 + random(12)))
        switch random(7) {
        case 0: bytes[start] = UInt8(truncatingIfNeeded: random(256))
        case 1: bytes.removeSubrange(start..<end)
        case 2: bytes.insert(contentsOf: bytes[start..<end], at: start)
        case 3, 4: bytes.insert(contentsOf: pick(Self.pieces).utf8, at: start)
        case 5: swapLines(&bytes)
        default: bytes.replaceSubrange(start..<end, with: pick(Self.pieces).utf8)
        }
    }

    private mutating func swapLines(_ bytes: inout [UInt8]) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        lines.swapAt(Int(random(UInt64(lines.count))), Int(random(UInt64(lines.count))))
        bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    private mutating func pick<Item>(_ items: [Item]) -> Item {
        items[Int(random(UInt64(items.count)))]
    }

    /// SplitMix64.
    private mutating func random(_ bound: UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return (mixed ^ (mixed >> 31)) % bound
    }
}
