// SPDX-License-Identifier: Apache-2.0

/// Something the daemon was asked to do, with its tasks and how far they are.
public struct ChangeInfo: Codable, Hashable, Sendable {
    /// The id, a decimal number.
    public var id: String
    /// What sort of change it is, such as `start`, `replan`, `exec`, `perform-check`.
    public var kind: String
    /// What it does, in words.
    public var summary: String
    /// How far it is.
    public var status: ChangeStatus
    /// What it consists of.
    public var tasks: [TaskInfo]
    /// Whether nothing more will happen.
    public var ready: Bool
    /// What went wrong, if something did.
    public var error: String?
    /// When it was made.
    public var spawnTime: Timestamp
    /// When it became ready.
    public var readyTime: Timestamp?
    /// What its kind records beside.
    public var data: [String: JSONValue]?

    enum CodingKeys: String, CodingKey {
        case id
        case kind
        case summary
        case status
        case tasks
        case ready
        case error = "err"
        case spawnTime = "spawn-time"
        case readyTime = "ready-time"
        case data
    }

    /// Makes the information.
    public init(
        id: String,
        kind: String,
        summary: String,
        status: ChangeStatus,
        tasks: [TaskInfo] = [],
        ready: Bool,
        error: String? = nil,
        spawnTime: Timestamp,
        readyTime: Timestamp? = nil,
        data: [String: JSONValue]? = nil
    ) {
        self.id = id
        self.kind = kind
        self.summary = summary
        self.status = status
        self.tasks = tasks
        self.ready = ready
        self.error = error
        self.spawnTime = spawnTime
        self.readyTime = readyTime
        self.data = data
    }

    /// Reads the wire form; a change without tasks may leave them out.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        kind = try container.decode(String.self, forKey: .kind)
        summary = try container.decode(String.self, forKey: .summary)
        status = try container.decode(ChangeStatus.self, forKey: .status)
        tasks = try container.value(.tasks, or: [])
        ready = try container.decode(Bool.self, forKey: .ready)
        error = try container.decodeIfPresent(String.self, forKey: .error)
        spawnTime = try container.decode(Timestamp.self, forKey: .spawnTime)
        readyTime = try container.decodeIfPresent(Timestamp.self, forKey: .readyTime)
        data = try container.decodeIfPresent([String: JSONValue].self, forKey: .data)
    }

    /// Writes the wire form; a change without tasks leaves them out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(kind, forKey: .kind)
        try container.encode(summary, forKey: .summary)
        try container.encode(status, forKey: .status)
        if !tasks.isEmpty { try container.encode(tasks, forKey: .tasks) }
        try container.encode(ready, forKey: .ready)
        try container.encodeIfPresent(error, forKey: .error)
        try container.encode(spawnTime, forKey: .spawnTime)
        try container.encodeIfPresent(readyTime, forKey: .readyTime)
        try container.encodeIfPresent(data, forKey: .data)
    }
}

/// One step of a change.
public struct TaskInfo: Codable, Hashable, Sendable {
    /// The id, a decimal number.
    public var id: String
    /// What sort of task it is.
    public var kind: String
    /// What it does, in words.
    public var summary: String
    /// How far it is.
    public var status: ChangeStatus
    /// What it has to tell, one line each: time, `INFO` or `ERROR`, text.
    public var log: [String]
    /// How far it is, in numbers.
    public var progress: TaskProgress
    /// When it was made.
    public var spawnTime: Timestamp
    /// When it became ready.
    public var readyTime: Timestamp?
    /// What its kind records beside, such as `exit-code` of an exec.
    public var data: [String: JSONValue]?

    enum CodingKeys: String, CodingKey {
        case id
        case kind
        case summary
        case status
        case log
        case progress
        case spawnTime = "spawn-time"
        case readyTime = "ready-time"
        case data
    }

    /// Makes the information.
    public init(
        id: String,
        kind: String,
        summary: String,
        status: ChangeStatus,
        log: [String] = [],
        progress: TaskProgress = TaskProgress(),
        spawnTime: Timestamp,
        readyTime: Timestamp? = nil,
        data: [String: JSONValue]? = nil
    ) {
        self.id = id
        self.kind = kind
        self.summary = summary
        self.status = status
        self.log = log
        self.progress = progress
        self.spawnTime = spawnTime
        self.readyTime = readyTime
        self.data = data
    }

    /// Reads the wire form; a task with nothing to tell leaves its log out.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        kind = try container.decode(String.self, forKey: .kind)
        summary = try container.decode(String.self, forKey: .summary)
        status = try container.decode(ChangeStatus.self, forKey: .status)
        log = try container.value(.log, or: [])
        progress = try container.value(.progress, or: TaskProgress())
        spawnTime = try container.decode(Timestamp.self, forKey: .spawnTime)
        readyTime = try container.decodeIfPresent(Timestamp.self, forKey: .readyTime)
        data = try container.decodeIfPresent([String: JSONValue].self, forKey: .data)
    }

    /// Writes the wire form; a task with nothing to tell leaves its log out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(kind, forKey: .kind)
        try container.encode(summary, forKey: .summary)
        try container.encode(status, forKey: .status)
        if !log.isEmpty { try container.encode(log, forKey: .log) }
        try container.encode(progress, forKey: .progress)
        try container.encode(spawnTime, forKey: .spawnTime)
        try container.encodeIfPresent(readyTime, forKey: .readyTime)
        try container.encodeIfPresent(data, forKey: .data)
    }
}

/// How far a task is.
public struct TaskProgress: Codable, Hashable, Sendable {
    /// What is counted.
    public var label: String
    /// How many are done.
    public var done: Int
    /// Of how many.
    public var total: Int

    /// Makes the progress; by default that of a task that counts nothing.
    public init(label: String = "", done: Int = 1, total: Int = 1) {
        self.label = label
        self.done = done
        self.total = total
    }
}

/// The body of `POST /v1/changes/{id}`.
package struct ChangeActionRequest: Codable, Sendable {
    package var action: String

    package init(action: String) { self.action = action }

    package init(from decoder: any Decoder) throws {
        action = try decoder.container(keyedBy: CodingKeys.self).value(.action, or: "")
    }
}
