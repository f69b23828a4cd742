// SPDX-License-Identifier: Apache-2.0

/// The body of `POST /v1/exec`.
package struct ExecRequest: Codable, Sendable {
    package var command: [String]
    package var serviceContext: String?
    package var environment: [String: String]?
    package var workingDirectory: String?
    /// How long the command may take, in Go's notation; kept as text so that the server can say what is wrong with it.
    package var timeout: String?
    package var userID: Int?
    package var user: String?
    package var groupID: Int?
    package var group: String?
    package var terminal: Bool
    package var interactive: Bool
    package var splitStderr: Bool
    package var width: Int?
    package var height: Int?

    enum CodingKeys: String, CodingKey {
        case command
        case serviceContext = "service-context"
        case environment
        case workingDirectory = "working-dir"
        case timeout
        case userID = "user-id"
        case user
        case groupID = "group-id"
        case group
        case terminal
        case interactive
        case splitStderr = "split-stderr"
        case width
        case height
    }

    package init(command: [String]) {
        self.command = command
        terminal = false
        interactive = false
        splitStderr = false
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        command = try container.value(.command, or: [])
        serviceContext = try container.decodeIfPresent(String.self, forKey: .serviceContext)
        environment = try container.decodeIfPresent([String: String].self, forKey: .environment)
        workingDirectory = try container.decodeIfPresent(String.self, forKey: .workingDirectory)
        timeout = try container.decodeIfPresent(String.self, forKey: .timeout)
        userID = try container.decodeIfPresent(Int.self, forKey: .userID)
        user = try container.decodeIfPresent(String.self, forKey: .user)
        groupID = try container.decodeIfPresent(Int.self, forKey: .groupID)
        group = try container.decodeIfPresent(String.self, forKey: .group)
        terminal = try container.value(.terminal, or: false)
        interactive = try container.value(.interactive, or: false)
        splitStderr = try container.value(.splitStderr, or: false)
        width = try container.decodeIfPresent(Int.self, forKey: .width)
        height = try container.decodeIfPresent(Int.self, forKey: .height)
    }

    package var ownership: Ownership { Ownership(userID: userID, user: user, groupID: groupID, group: group) }
}

/// The result of `POST /v1/exec`: what the command will see, and the task whose WebSockets carry its input and output.
package struct ExecReply: Codable, Sendable {
    package var environment: [String: String]
    package var taskID: String
    package var workingDirectory: String

    enum CodingKeys: String, CodingKey {
        case environment
        case taskID = "task-id"
        case workingDirectory = "working-dir"
    }

    package init(environment: [String: String], taskID: String, workingDirectory: String) {
        self.environment = environment
        self.taskID = taskID
        self.workingDirectory = workingDirectory
    }
}

/// The WebSockets of a running command.
package enum ExecSocket: String, Sendable, CaseIterable {
    case control
    case stdio
    case stderr
}

/// A text message on a WebSocket of a running command.
package struct ExecMessage: Codable, Hashable, Sendable {
    /// `end`, `signal` or `resize`.
    package var command: String
    package var signal: Signal?
    package var resize: Resize?

    package struct Signal: Codable, Hashable, Sendable {
        package var name: String

        package init(name: String) { self.name = name }
    }

    package struct Resize: Codable, Hashable, Sendable {
        package var width: Int
        package var height: Int

        package init(width: Int, height: Int) {
            self.width = width
            self.height = height
        }
    }

    package init(command: String, signal: Signal? = nil, resize: Resize? = nil) {
        self.command = command
        self.signal = signal
        self.resize = resize
    }

    /// Nothing more comes on this stream; its exact bytes are part of the protocol.
    package static let endText = #"{"command":"end"}"#
}
