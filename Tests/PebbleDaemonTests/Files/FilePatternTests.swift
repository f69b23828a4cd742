// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import PebbleDaemon

@Suite struct FilePatternTests {
    @Test(arguments: [
        ("*", "anything", true), ("f*", "flag", true), ("f*", "xflag", false), ("*.txt", "a.txt", true),
        ("*.txt", "a.txt.gz", false), ("a?c", "abc", true), ("a?c", "ac", false), ("[a-c]x", "bx", true),
        ("[^a-c]x", "bx", false), ("\\*", "*", true), ("\\*", "a", false), ("a*b*c", "aXbYbZc", true),
        ("[]-a]", "x", false), ("", "", true), ("**", "", true),
    ])
    func `patterns match as a shell's do`(pattern: String, name: String, matches: Bool) {
        #expect(FilePattern.matches(pattern, name) == matches)
    }

    @Test(arguments: ["[", "[a", "[a-", "\\", "[]a]", "[b-a]"])
    func `broken ones are found out`(pattern: String) {
        #expect(!FilePattern.isValid(pattern))
    }

    @Test func `a pattern made to be slow is not`() {
        let pattern = String(repeating: "a*", count: 50) + "b"
        #expect(!FilePattern.matches(pattern, String(repeating: "a", count: 2000)))
    }

    @Test(arguments: [("/a/b", "/a"), ("/a", "/"), ("/a/b/", "/a"), ("/", "/")])
    func `a path has a parent`(path: String, parent: String) {
        #expect(FileOperations.parent(path) == parent)
    }
}
