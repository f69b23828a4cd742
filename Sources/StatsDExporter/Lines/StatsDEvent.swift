// SPDX-License-Identifier: Apache-2.0
import MetricsText

/// What kind of number a sample carries.
enum EventKind: String, Sendable, CaseIterable {
    /// Type `c`.
    case counter
    /// Type `g`.
    case gauge
    /// Types `ms`, `h` and `d`.
    case observer
}

/// One sample of a StatsD line, understood.
struct StatsDEvent: Sendable, Equatable {
    /// The kind of number.
    var kind: EventKind
    /// The metric's name as it was sent, without tags.
    var name: String
    /// The tags, later ones winning.
    var tags: [Label] = []
    /// The number: counters already divided by their sampling rate, timers already in seconds.
    var value: Double
    /// Whether a gauge's number is added to the present one.
    var relative = false
    /// How many times an observation counts, by its sampling rate.
    var times = 1
}

/// Why a sample, or a whole line, was not understood; the raw values are the label `reason`.
enum SampleError: String, Sendable, CaseIterable {
    /// A line without a name, without a colon, or not in UTF-8.
    case malformedLine = "malformed_line"
    /// A sample with too few, too many or empty parts.
    case malformedComponent = "malformed_component"
    /// A value that is no number, or one that would spoil a sum for ever.
    case malformedValue = "malformed_value"
    /// DogStatsD tags beside tags in the name.
    case mixedTaggingStyles = "mixed_tagging_styles"
    /// A line without a type.
    case notEnoughParts = "not_enough_parts_after_colon"
    /// Several values of a type that cannot have them.
    case invalidExtendedAggregate = "invalid_extended_aggregate_type"
    /// A sampling rate that is no number, or a part of an unknown kind.
    case invalidSampleFactor = "invalid_sample_factor"
    /// A container identifier that is empty.
    case malformedContainerID = "malformed_container_id"
    /// A set, or an unknown type.
    case illegalEvent = "illegal_event"
}

/// What was counted while reading lines.
struct LineTally: Sendable, Equatable {
    /// Lines that were not empty.
    var lines = 0
    /// Samples in them.
    var samples = 0
    /// Samples that had tags.
    var tagged = 0
    /// Tags that were not understood.
    var tagErrors = 0
    /// Samples and lines that were not understood, by reason.
    var errors: [SampleError: Int] = [:]

    /// Counts one that was not understood.
    mutating func count(_ error: SampleError) {
        errors[error, default: 0] += 1
    }
}
