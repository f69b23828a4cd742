// SPDX-License-Identifier: Apache-2.0

/// One event of Celery's event stream, with the fields the metrics need.
struct CeleryEvent: Sendable, Equatable, Decodable {
    /// What happened, such as `task-received`.
    let type: String
    /// Who says so: `celery@host` for a worker, `gen42@host` for a process that sends tasks.
    let hostname: String
    /// When, in seconds since 1970.
    var timestamp: Double?
    /// The task's identifier.
    var uuid: String?
    /// The task's name; only some events have it.
    var name: String?
    /// The queue a task was sent to.
    var queue: String?
    /// When the task may run at the earliest.
    var eta: String?
    /// How long the task ran, in seconds.
    var runtime: Double?
    /// The exception's representation, such as `ValueError('x')`.
    var exception: String?
    /// How many tasks a worker is running.
    var active: Int?
}
