// SPDX-License-Identifier: Apache-2.0
import PebblePlan

/// How long to wait before a service that ended is started again.
enum Backoff {
    /// The delay after one of `previous`, nil for the first.
    static func next(after previous: Duration?, of service: Service) -> Duration {
        guard let previous else { return min(service.effectiveBackoffDelay, service.effectiveBackoffLimit) }
        let grown = previous * service.effectiveBackoffFactor
        return min(grown, service.effectiveBackoffLimit)
    }

    /// Adds up to a tenth, so that services that ended together do not come back together.
    static func jittered(_ delay: Duration, _ jitter: Double) -> Duration {
        delay + delay * (0.1 * min(max(jitter, 0), 1))
    }
}
