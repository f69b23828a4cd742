// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import Testing

@testable import UnitAgent

@Suite struct ToolOutputTests {
    @Test(arguments: [
        (JSONValue.null, ""), (.string("a b"), "a b\n"), (.bool(true), "True\n"), (.array([]), ""),
        (.array(["a", "b"]), "a\nb\n"), (.object(["b": "2", "a": "x"]), "a: x\nb: \"2\"\n"), (.number(1), "1\n"),
        (.number(0.5), "0.5\n"), (.object([:]), "{}\n"),
    ])
    func `smart prints strings bare, lists by line and maps as YAML`(value: JSONValue, text: String) {
        #expect(ToolOutput.smart.text(value) == text)
    }

    @Test func `JSON is compact, sorted and ends with a newline`() {
        let value: JSONValue = .object(["b": .array([.integer(1), .null]), "a": "q\"\n\u{1}/é"])
        #expect(ToolOutput.json.text(value) == "{\"a\":\"q\\\"\\n\\u0001/é\",\"b\":[1,null]}\n")
    }

    @Test(arguments: [
        "plain", "yes", "1.0", "2026-01-01", "a: b", "- a", "# c", "", " x", "x ", "null", "multi\nline", "quote\"d",
        "{a}",
        "a\u{7f}b", "émile", "-5", "0x1f", "key", "TRUE", "a,b", "a/b c.d",
    ])
    func `YAML gives back the same texts`(text: String) throws {
        let value: JSONValue = .object([
            "key": .string(text), "list": .array([.string(text), .object(["in": .string(text)])]),
        ])
        #expect(try yamlValue(ToolOutput.yaml.text(value)) == value)
    }
}
