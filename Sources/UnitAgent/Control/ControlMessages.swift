// SPDX-License-Identifier: Apache-2.0

/// A request on the control socket: one line of JSON.
enum ControlRequest: Codable, Sendable, Equatable {
    case status
    case configList
    case configSet(values: [String: String])
    case configReset(names: [String])
    case integrate(endpoint: String, remote: RemoteApplication)
    case removeRelation(endpoint: String, application: String?)
    case relations
    case runAction(name: String, parameters: [String: String])
    case actionState(id: Int, logFrom: Int, waitMilliseconds: Int)
    case cancelAction(id: Int)
    case debugLog(lines: Int, follow: Bool)
    case resolved(retry: Bool)
    case trigger(hook: String)
    case removeUnit
    case addSecret(content: [String: String])
    case removeSecret(uri: String)
    case refresh(charm: String?, force: Bool)
    case attachResource(name: String, file: String)
    case addStorage(name: String, count: Int)
    case detachStorage(id: String)
    case debugHooks(names: [String])
    case debugHookEnded(exitCode: Int32)
    case applicationState
    case lead
    case stepDown
    case follow(ApplicationState)
}

/// A reply on the control socket: one line of JSON.
///
/// `debugLog` and `debugHooks` are answered by many.
enum ControlReply: Codable, Sendable, Equatable {
    case done
    case failed(ControlFailure)
    case status(StatusSnapshot)
    case config([ConfigOptionState])
    case relation(id: Int)
    case relations([RelationData])
    case action(ActionResult)
    case logLines([String])
    case secret(uri: String)
    case storage(ids: [String])
    case application(ApplicationState)
    /// A hook to run by hand; nil only finds out whether anybody still listens.
    case debugHook(DebugHook?)
}

/// Why the agent refused a request.
public struct ControlFailure: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure, as stable words.
    public struct Code: RawRepresentable, Codable, Sendable, Equatable {
        /// The word.
        public var rawValue: String

        /// Creates a code from its word.
        ///
        /// - Parameter rawValue: The word.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// What was asked for does not exist: an option, an endpoint, an action, a relation.
        public static let notFound = Code(rawValue: "not-found")
        /// A value is not acceptable.
        public static let invalid = Code(rawValue: "invalid")
        /// The request does not fit the state of the unit.
        public static let conflict = Code(rawValue: "conflict")
        /// The agent cannot be reached or broke off.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The agent failed.
        public static let failed = Code(rawValue: "failed")
    }

    /// What kind of failure.
    public var code: Code
    /// What happened and what to do.
    public var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
