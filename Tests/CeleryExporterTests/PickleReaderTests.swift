// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import SeededTesting
import Testing

@testable import CeleryExporter

@Suite struct PickleReaderTests {
    private static let plain = """
        {'celery@h': {'ok': [1, -2, 300, 70000, -5000000000, 2**80, 1.5, None, True, False], 'pool': {'processes': (7, 8, 9)}, \
        'text': 'gr\\u00fc\\u00df', 'long': 'x' * 300, 3: 'left out', 'same': [[], []], 'bytes': b'ab'}}
        """

    @Test(arguments: [2, 3, 4, 5])
    func `plain data is read as Python wrote it`(version: Int) async throws {
        // Protocol 2 has no bytes: Python 3 writes a call in their place, which is refused in the test below.
        let plain = version > 2 ? Self.plain : Self.plain.replacing(", 'bytes': b'ab'", with: "")
        let value = try PickleReader.value(try await pickled(plain, version))
        let facts = try #require(value["celery@h"])
        #expect(
            facts["ok"]?.values == [
                .integer(1), .integer(-2), .integer(300), .integer(70_000), .integer(-5_000_000_000), .null,
                .number(1.5), .null, .bool(true), .bool(false),
            ]
        )
        #expect(facts["pool"]?["processes"]?.values == [.integer(7), .integer(8), .integer(9)])
        #expect(facts["text"]?.text == "grüß")
        #expect(facts["long"]?.text?.count == 300)
        #expect(facts["same"] == .array([.array([]), .array([])]))
        if version > 2 { #expect(facts["bytes"]?.text == "ab") }
    }

    @Test(arguments: [
        "__import__('os').system", "type('X', (), {})", "__import__('datetime').date(2026, 1, 1)",
        "__import__('collections').OrderedDict(a=1)", "{'a': [len]}", "__import__('functools').partial(print, 'x')",
    ])
    func `what would name or call something is refused whole`(expression: String) async throws {
        for version in [0, 2, 4, 5] {
            let bytes = try await pickled(expression, version, mayFail: true)
            // A class made on the spot cannot be pickled by Python itself.
            if bytes.isEmpty { continue }
            #expect(throws: PickleReader.Refusal.self) { try PickleReader.value(bytes) }
        }
    }

    @Test func `the pickle that runs a command only names its first instruction`() {
        let attack = Array("cos\nsystem\n(S'touch /tmp/x'\ntR.".utf8)
        #expect(throws: PickleReader.Refusal.notData(opcode: UInt8(ascii: "c"))) { try PickleReader.value(attack) }
    }

    @Test func `a small pickle that means a huge value is refused`() {
        // Each list holds the one before twice over: sixty of them are more than there are atoms in a gram.
        var bytes: [UInt8] = [0x80, 2, UInt8(ascii: "]"), UInt8(ascii: "q"), 0]
        for number in 1...60 {
            bytes += [UInt8(ascii: "]"), UInt8(ascii: "q"), UInt8(number), UInt8(ascii: "(")]
            for _ in 0..<2 { bytes += [UInt8(ascii: "h"), UInt8(number - 1)] }
            bytes += [UInt8(ascii: "e")]
        }
        #expect(throws: PickleReader.Refusal.tooLarge) { try PickleReader.value(bytes + [UInt8(ascii: ".")]) }
        // One that holds itself.
        let own: [UInt8] = [
            0x80, 2, UInt8(ascii: "]"), UInt8(ascii: "q"), 0, UInt8(ascii: "h"), 0, UInt8(ascii: "a"),
            UInt8(ascii: "."),
        ]
        #expect(throws: PickleReader.Refusal.tooLarge) { try PickleReader.value(own) }
    }

    @Test func `drawn bytes are read or refused, never more`() {
        var random = SeededGenerator()
        let opcodes =
            Array("}])(.NKMJGXTBUChqrjaesutld0".utf8) + [0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x94, 0x95]
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                Bool.random(using: &random)
                    ? opcodes.randomElement(using: &random) ?? 0 : .random(in: 0...255, using: &random)
            }
            _ = try? PickleReader.value(bytes)
        }
    }

    private func pickled(_ expression: String, _ version: Int, mayFail: Bool = false) async throws -> [UInt8] {
        let program = "import pickle; print(pickle.dumps(\(expression), \(version)).hex())"
        let command = Command(
            "/usr/bin/python3",
            ["-c", program],
            environment: ["PATH": "/usr/bin:/bin"],
            timeout: .seconds(60)
        )
        let result = try await CommandRunner(reaper: try ProcessReaper()).run(command)
        if !mayFail { try #require(result.isSuccess, "\(result.errorText)") }
        let digits = Array(result.outputText.filter(\.isHexDigit))
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }
}
