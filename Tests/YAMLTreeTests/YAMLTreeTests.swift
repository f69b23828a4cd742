// SPDX-License-Identifier: Apache-2.0
import SeededTesting
import Testing
import YAMLTree

@Suite struct YAMLParsingTests {
    @Test func `scalars stand for what the core schema says`() throws {
        let text =
            "a: 5\nb: -0x1\nc: 0x1F\nd: 0o17\ne: 1.5\nf: true\ng: ~\nh: \"5\"\ni: yes\nj: 1h\nk: !!str 5\nl:\nm: 127.0.0.1\n"
        let node = try #require(try YAMLNode.parse(text))
        #expect(node["a"]?.integer == 5)
        #expect(node["b"]?.scalar?.value == .string("-0x1"))
        #expect(node["c"]?.integer == 31)
        #expect(node["d"]?.integer == 15)
        #expect(node["e"]?.number == 1.5)
        #expect(node["f"]?.bool == true)
        #expect(node["g"]?.isNull == true)
        #expect(node["h"]?.scalar?.value == .string("5"))
        #expect(node["i"]?.scalar?.value == .string("yes"))
        #expect(node["j"]?.text == "1h")
        #expect(node["k"]?.scalar?.value == .string("5"))
        #expect(node["l"]?.isNull == true)
        #expect(node["m"]?.scalar?.value == .string("127.0.0.1"))
    }

    @Test func `maps keep their order and every node its place`() throws {
        let node = try #require(try YAMLNode.parse("z: 1\na:\n  - x\n  - y: 2\n"))
        #expect(node.mapping?.pairs.map(\.key.text) == ["z", "a"])
        #expect(node["a"]?.sequence?[1]["y"]?.place == YAMLPlace(line: 4, column: 8))
    }

    @Test func `aliases and merge keys are expanded, what is written out wins`() throws {
        let node = try #require(try YAMLNode.parse("base: &b {x: 1, y: 2}\nmore:\n  <<: *b\n  y: 3\nlist: [*b]\n"))
        #expect(node["more"]?["x"]?.integer == 1)
        #expect(node["more"]?["y"]?.integer == 3)
        #expect(node["list"]?.sequence?.first?["y"]?.integer == 2)
    }

    @Test func `nothing at all is no document`() throws {
        for text in ["", "\n", "# only a comment\n", "\u{FEFF}"] {
            #expect(try YAMLNode.parse(text) == nil)
        }
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", "yaml: line 3: mapping key \"a\" already defined at line 1"),
        ("a: 1\n'a': 3\n", "yaml: line 2: mapping key \"a\" already defined at line 1"),
        ("a: *nope\n", "yaml: line 1: unknown anchor 'nope' referenced"),
        ("a: &x [*x]\n", "yaml: line 1: anchor 'x' value contains itself"),
        ("a: 1\n---\nb: 2\n", "yaml: line 2: more than one document"),
        ("<<: 5\n", "yaml: line 1: map merge requires map or sequence of maps as the value"),
        ("[a]: 5\n", "yaml: line 1: mapping key is not a scalar"),
        ("a: \"x\n", "yaml: line 1: found unexpected end of stream"),
    ])
    func `what is wrong is said with its line`(text: String, message: String) {
        #expect {
            try YAMLNode.parse(text)
        } throws: { error in
            "\(error)" == message
        }
    }
}

@Suite struct YAMLHostileInputTests {
    @Test func `a million brackets are refused, not followed`() {
        #expect(throws: YAMLError.self) { try YAMLNode.parse(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: YAMLError.self) { try YAMLNode.parse(String(repeating: "{a: ", count: 200) + "1") }
    }

    @Test func `an alias bomb is refused by the number of values it stands for`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(items)]\n"
        }
        #expect {
            try YAMLNode.parse(text)
        } throws: { error in
            "\(error)".contains("aliases expanded")
        }
    }

    @Test(arguments: [[0xFF, 0xFE, 0x00], [0x61, 0x3A, 0x20, 0xC3], [0x61, 0x00], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func `bytes that are not UTF-8 text are refused`(bytes: [UInt8]) {
        #expect(throws: YAMLError.self) { try YAMLNode.parse(bytes) }
    }

    @Test func `random bytes never do more than throw`() {
        var generator = SeededGenerator()
        let alphabet = Array("{}[]:-,&*!|>'\"%@`#? \n\tab1.~<".utf8)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            if let node = try? YAMLNode.parse(bytes) {
                #expect(throws: Never.self) { try YAMLNode.parse(node.rendered()) }
            }
        }
    }
}

@Suite struct YAMLRenderingTests {
    @Test func `mappings, lists and text look as Go programs write them`() {
        let node = YAMLNode.map([
            ("name", .string("web: it")),
            ("list", .list([.string("a"), .map([("k", .integer(1)), ("l", .list([.string("x")]))])])),
            ("text", .string("one\ntwo\n")),
            ("cut", .string("one\ntwo")),
            ("numeric", .string("5")),
            ("old", .string("yes")),
            ("address", .string("127.0.0.1")),
            ("command", .string("sh -c \"echo 'hi'; exit\" [ --x ]")),
            ("none", .list([])),
            ("empty", .map([])),
            ("blank", .string("")),
            ("nothing", .null),
        ])
        #expect(
            node.rendered() == """
                name: 'web: it'
                list:
                    - a
                    - k: 1
                      l:
                          - x
                text: |
                    one
                    two
                cut: |-
                    one
                    two
                numeric: "5"
                old: "yes"
                address: 127.0.0.1
                command: sh -c "echo 'hi'; exit" [ --x ]
                none: []
                empty: {}
                blank: ""
                nothing: null

                """
        )
    }

    @Test(arguments: [" \u{301}\nb", " \u{301}", "a\n \u{301}", "-\u{301}", "---\u{301}", "'\u{301}", "a:\u{301} "])
    func `a mark on a sign of YAML hides it from nobody`(text: String) throws {
        let node = YAMLNode.map([("k", .list([.string(text)]))])
        let back = try YAMLNode.parse(node.rendered())
        #expect(back?["k"]?.sequence?.first?.scalar?.value == .string(text))
    }

    @Test func `any text comes back as it was`() throws {
        var generator = SeededGenerator()
        let pieces = [
            " ", "\n", "\t", "a", "B", "0", "1", ":", ": ", " #", "-", "- ", "?", "'", "\"", "\\", "{", "[", "|", ">",
            "&",
            "*", "!", "%", "@", "`", "é", "\u{1F600}", "\u{85}", "\u{2028}", "\r", "\u{7}", "true", "null", "~", "---",
            "...",
            "_", "=", "<<", "\u{301}",
        ]
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }
            .joined()
            let node = YAMLNode.map([
                (text, .map([("value", .string(text)), ("list", .list([.string(text), .list([.string(text)])]))]))
            ])
            let back = try? YAMLNode.parse(node.rendered())
            #expect(back == node, "\(text.debugDescription) came back differently from \(node.rendered())")
            #expect(back?[text]?["value"]?.scalar?.value == .string(text))
        }
    }
}

@Suite struct YAMLFieldsTests {
    @Test func `every problem is reported with its line`() throws {
        let node = try #require(try YAMLNode.parse("name: x\ncount: many\nlist: 5\nextra: 1\nenv: {A: [1]}\n"))
        var fields = YAMLFields(node, kind: "test.Thing")
        #expect(fields.string("name") == "x")
        #expect(fields.integer("count") == nil)
        #expect(fields.strings("list") == [])
        #expect(fields.stringsByName("env") == [:])
        let problems = fields.finish().map(\.line)
        #expect(
            problems == [
                "line 2: cannot unmarshal !!str `many` into int",
                "line 3: cannot unmarshal !!int `5` into []string",
                "line 5: cannot unmarshal !!seq into string",
                "line 4: field extra not found in type test.Thing",
            ]
        )
    }
}
