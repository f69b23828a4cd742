// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Numbers that are the same in each run, so that a failure found by drawing can be seen again (SplitMix64).
///
/// `FUZZ_SEED` draws others: `make fuzz` sets it to the time.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// Begins the numbers that belong to a seed.
    ///
    /// - Parameter salt: Keeps apart what is drawn in several places from one seed.
    public init(salt: UInt64 = 0) {
        let seed = getenv("FUZZ_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1
        state = seed &* 0xD134_2543_DE82_EF95 &+ salt
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
