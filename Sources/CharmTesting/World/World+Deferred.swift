// SPDX-License-Identifier: Apache-2.0

public import CharmKit
import FoundationEssentials

extension World {
    /// An event that waits for an observer to see it again.
    public struct Deferred: Sendable, Hashable {
        /// The name the observer was registered with.
        public var observer: String
        /// The event.
        public var kind: Event.Kind

        /// Creates a deferred hook.
        public init(_ event: HookEvent, for observer: String) {
            self.observer = observer
            kind = .hook(event)
        }

        /// Creates a deferred custom event.
        public init(_ event: CustomEvent, for observer: String) {
            self.observer = observer
            kind = .custom(event)
        }

        init?(_ entry: DeferredEvent) {
            guard let kind = entry.kind else { return nil }
            observer = entry.observer
            self.kind = kind
        }
    }

    /// The events that were deferred, the oldest first; they lie in ``storedState``.
    public var deferred: [Deferred] {
        get {
            guard let text = storedState[DeferredEvents.key] else { return [] }
            let entries = try? JSONDecoder().decode([DeferredEvent].self, from: Data(text.utf8))
            return (entries ?? []).compactMap { Deferred($0) }
        }
        set {
            let entries = newValue.map { DeferredEvent(observer: $0.observer, kind: $0.kind) }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            // Nothing but texts: there is nothing to fail on.
            let data = try? encoder.encode(entries)
            storedState[DeferredEvents.key] = entries.isEmpty ? nil : data.map { String(decoding: $0, as: UTF8.self) }
        }
    }
}
