// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI
import Testing

@testable import PebbleDaemon

@Suite struct RequestTests {
    @Test func `targets are taken apart`() {
        let (path, query) = RequestTarget.split("/v1/files?path=%2Fa%20b&path=c+d&flag&x=1=2")
        #expect(path == "/v1/files")
        #expect(query.map(\.name) == ["path", "path", "flag", "x"])
        #expect(query.map(\.value) == ["/a b", "c d", "", "1=2"])
        #expect(RequestTarget.split("/%zz%4").path == "/%zz%4")
    }

    @Test(arguments: [("//v1/x", "/v1/x"), ("/v1/../v2", "/v2"), ("/v1/./x/", "/v1/x/"), ("/", "/"), ("/../..", "/")])
    func `paths are cleaned`(path: String, clean: String) {
        #expect(RequestTarget.clean(path) == clean)
    }

    @Test func `routes match by method and segment`() {
        let handler: Route.Handler = { _, _ in try .done() }
        let router = Router([
            Route(.GET, "/v1/changes/{id}", .user, handler), Route(.GET, "/v1/changes/{id}/wait", .user, handler),
        ])
        guard case .route(_, let captures) = router.match(.GET, "/v1/changes/7/wait") else {
            Issue.record("no route")
            return
        }
        #expect(captures == ["7"])
        guard case .wrongMethod = router.match(.POST, "/v1/changes/7") else {
            Issue.record("not a wrong method")
            return
        }
        guard case .nothing = router.match(.GET, "/v1/changes/") else {
            Issue.record("something")
            return
        }
    }

    private func decode(_ text: String) throws -> ServicesRequest {
        try JSONBody.decode(ServicesRequest.self, from: Array(text.utf8), prefix: "cannot decode")
    }

    @Test func `only the first value of a body counts`() throws {
        #expect(try decode(#" {"action": "}\"", "services": ["a"]} trailing"#).action == "}\"")
    }

    @Test(arguments: [
        ("", "cannot decode: EOF"),
        ("x", "cannot decode: invalid character 'x' looking for beginning of value"),
        (#"{"action": 3}"#, "cannot decode: json: cannot unmarshal number into Go struct field .action of type string"),
        ("[", "cannot decode: unexpected EOF"),
        ("{nope", "cannot decode: invalid character 'n' looking for beginning of object key string"),
        ("not json", "cannot decode: invalid character 'o' in literal null (expecting 'u')"),
        (#"{"a" 1}"#, "cannot decode: invalid character '1' after object key"),
        (#"{"a": [1 2]}"#, "cannot decode: invalid character '2' after array element"),
        (#"{"a": {"b": 1} "c"}"#, "cannot decode: invalid character '\"' after object key:value pair"),
        (#"{"a": "\x"}"#, "cannot decode: invalid character 'x' in string escape code"),
        (#"{"a": "\u12g4"}"#, "cannot decode: invalid character 'g' in \\u hexadecimal character escape"),
        (#"{"a": -x}"#, "cannot decode: invalid character 'x' in numeric literal"),
        (#"{"a": 1.}"#, "cannot decode: invalid character '}' after decimal point in numeric literal"),
        (#"{"a": 1e'}"#, "cannot decode: invalid character '\\'' in exponent of numeric literal"),
        (#"{"a": [], "b": {}"#, "cannot decode: unexpected EOF"),
    ])
    func `what is wrong with a body is said in the words clients know`(body: String, message: String) {
        let error = #expect(throws: DaemonError.self) { try decode(body) }
        #expect(error?.message == message)
        #expect(error?.code == .invalid)
    }

    @Test func `deeply nested input is an error and not the end`() {
        #expect(throws: DaemonError.self) { try decode(String(repeating: "[", count: 200_000)) }
    }

    @Test func `text for the log holds no line breaks`() {
        #expect(LogText.escaped("/a\n\u{1b}[0m") == "/a\\xa\\x1b[0m")
    }

    @Test func `bytes that are no text become replacement characters`() {
        #expect(JSONText.quoted([0x61, 0xff, 0x0d, 0x22, 0x3c]) == "\"a\u{fffd}\\r\\\"<\"")
    }
}
