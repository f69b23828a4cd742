// SPDX-License-Identifier: Apache-2.0

/// Passwords as they are kept: SHA-512 crypt.
enum PasswordHash {
    /// Whether a password has a hash.
    static func verify(_ password: String, _ hash: String) -> Bool {
        false
    }
}
