// SPDX-License-Identifier: Apache-2.0

/// How long a failed hook waits before it is tried again.
struct RetryBackoff: Sendable, Equatable {
    let first: Duration
    /// No delay is longer, jitter included.
    let longest: Duration = .seconds(300)

    /// The delay after the `failures`th failure in a row.
    ///
    /// The jitter, from -1 to 1, says where in a tenth around the delay it falls, so that units that failed together do
    /// not retry together.
    func delay(failures: Int, jitter: Double) -> Duration {
        // Beyond 2^16 the limit has long been reached; the power must not overflow.
        let doubled = first * Double(1 << min(max(failures - 1, 0), 16))
        return min(min(doubled, longest) * (1 + jitter / 10), longest)
    }
}
