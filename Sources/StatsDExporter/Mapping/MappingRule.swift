// SPDX-License-Identifier: Apache-2.0

/// One entry of a mapping file, checked and with every default filled in.
struct MappingRule: Sendable, Equatable {
    /// How `match` is read.
    enum MatchType: String, Sendable {
        /// Dotted fields, `*` standing for one.
        case glob
        /// A regular expression that may match anywhere in the name.
        case regex
    }

    /// What is done with a metric that matches.
    enum Action: String, Sendable {
        /// It is exported under the rule's name and labels.
        case map
        /// It is forgotten.
        case drop
    }

    /// How observations are exported.
    enum ObserverType: String, Sendable {
        /// As quantiles.
        case summary
        /// As buckets.
        case histogram
    }

    /// What a metric's name must look like.
    var match: String
    /// How `match` is read.
    var matchType = MatchType.glob
    /// The one kind of metric that matches; nil for any.
    var kind: EventKind?
    /// The exported name, with references to what matched.
    var name: String
    /// The exported labels, their values with references to what matched.
    var labels: [String: String] = [:]
    /// Whether a tag wins over a label of the same name.
    var honorLabels = false
    /// What is done with a match.
    var action = Action.map
    /// The help text; nil for the usual one.
    var help: String?
    /// What values are multiplied by.
    var scale = 1.0
    /// Whether a counter's values are running totals, not additions.
    var cumulative = false
    /// How long a series lives without a sample; nil for ever.
    var timeToLive: Duration?
    /// How observations are exported.
    var observer = ObserverType.summary
    /// The bounds, for histograms.
    var buckets = MappingDefaults.buckets
    /// The quantiles and their window, for summaries.
    var summary = SummaryOptions()
}

/// The quantiles of a summary and how far they look back.
struct SummaryOptions: Sendable, Equatable {
    /// One quantile, and how far from the true rank its value may be.
    struct Objective: Sendable, Equatable {
        /// Between 0 and 1.
        let quantile: Double
        /// The rank's allowed error.
        let error: Double
    }

    /// The quantiles.
    var objectives: [Objective] = [
        Objective(quantile: 0.5, error: 0.05), Objective(quantile: 0.9, error: 0.01),
        Objective(quantile: 0.99, error: 0.001),
    ]
    /// How far quantiles look back.
    var maxAge: Duration = .seconds(600)
    /// In how many steps old observations leave.
    var ageBuckets = 5
    /// How many observations are gathered before they are sorted in.
    var bufferCapacity = 500
}

/// What holds for rules that do not say otherwise, and for metrics that no rule matches.
struct MappingDefaults: Sendable, Equatable {
    /// The bounds Prometheus' libraries use.
    static let buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// How observations are exported.
    var observer = MappingRule.ObserverType.summary
    /// How `match` is read.
    var matchType = MappingRule.MatchType.glob
    /// Whether a literal field wins over `*` regardless of the rules' order.
    var globDisableOrdering = false
    /// How long a series lives without a sample; nil for ever.
    var timeToLive: Duration?
    /// The bounds of histograms.
    var buckets = MappingDefaults.buckets
    /// The quantiles of summaries.
    var summary = SummaryOptions()
}

/// A mapping file as a value.
struct Mapping: Sendable, Equatable {
    /// What holds where no rule says otherwise.
    var defaults = MappingDefaults()
    /// The rules, in the order of the file.
    var rules: [MappingRule] = []
}
