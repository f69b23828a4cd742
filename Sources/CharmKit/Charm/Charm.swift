// SPDX-License-Identifier: Apache-2.0

/// A Juju charm: says which events it looks at and what it does then.
///
/// A charm value lives for one dispatch; whatever it wants to remember goes to ``Model/state`` or a databag.
/// Everything is synchronous: a dispatch does one thing after the other, and Juju runs one at a time.
///
/// ## Usage
///
/// ```swift
/// struct HelloCharm: Charm {
///     init(environment: HookEnvironment) {}
///
///     func observe(_ observers: inout Observers) {
///         observers.on(.anyHook, reconcile)
///         observers.on(.action("greet"), greet)
///         observers.collectUnitStatus { model in
///             [try model.relation("database") == nil ? .blocked("missing relation: database") : .active()]
///         }
///     }
///
///     func reconcile(_ event: Event, _ model: Model) throws {
///         let port = try model.config().integer("port")
///         try model.setPorts([PortRange(port)])
///     }
///
///     func greet(_ event: Event, _ model: Model) throws {
///         let name = try event.requireAction().parameters().string("name")
///         try event.requireAction().setResults(["greeting": "hello, \(name)"])
///     }
/// }
///
/// // in the executable
/// CharmMain.run(HelloCharm.self)
/// ```
public protocol Charm {
    /// Creates the charm for one dispatch.
    ///
    /// - Parameter environment: The dispatch's environment, for what the agent tells a charm by variables.
    /// - Throws: An error that ends the dispatch as a failed hook.
    init(environment: HookEnvironment) throws

    /// Registers what the charm looks at, in the order in which it shall run.
    ///
    /// - Parameter observers: Where to register.
    func observe(_ observers: inout Observers)
}

/// Code that runs on an event.
public typealias EventHandler = (Event, Model) throws -> Void
