// SPDX-License-Identifier: Apache-2.0

/// Passwords as they are kept: SHA-512 crypt, as `openssl passwd -6` makes them.
enum PasswordHash {
    private static let defaultRounds = 5000
    /// More would let one request take the daemon's time for minutes.
    private static let mostRounds = 100_000
    private static let alphabet = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// Whether a password has a hash of the form `$6$[rounds=N$]salt$digest`.
    static func verify(_ password: String, _ hash: String) -> Bool {
        var parts = hash.split(separator: "$", omittingEmptySubsequences: false)[...]
        guard parts.popFirst() == "", parts.popFirst() == "6" else { return false }
        var rounds = defaultRounds
        if let first = parts.first, first.hasPrefix("rounds=") {
            guard let given = Int(first.dropFirst("rounds=".count)), given <= mostRounds else { return false }
            rounds = max(given, 1000)
            parts.removeFirst()
        }
        guard parts.count == 2, let salt = parts.popFirst(), let wanted = parts.popFirst(), password.utf8.count <= 1024
        else { return false }
        let found = encode(digest(Array(password.utf8), Array(salt.utf8.prefix(16)), rounds))
        return isEqual(found, Array(wanted.utf8))
    }

    /// The time this takes says nothing of where the two differ.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func digest(_ password: [UInt8], _ salt: [UInt8], _ rounds: Int) -> [UInt8] {
        let alternate = SHA512.digest(password + salt + password)
        var hash = SHA512()
        hash.update(password + salt)
        hash.update(repeated(alternate, to: password.count))
        var bits = password.count
        while bits > 0 {
            hash.update(bits & 1 == 1 ? alternate : password)
            bits >>= 1
        }
        var current = hash.finish()
        let passwordBytes = repeated(
            SHA512.digest((0..<password.count).flatMap { _ in password }),
            to: password.count
        )
        let saltBytes = repeated(SHA512.digest((0..<(16 + Int(current[0]))).flatMap { _ in salt }), to: salt.count)
        for round in 0..<rounds {
            var hash = SHA512()
            hash.update(round % 2 == 1 ? passwordBytes : current)
            if round % 3 != 0 { hash.update(saltBytes) }
            if round % 7 != 0 { hash.update(passwordBytes) }
            hash.update(round % 2 == 1 ? current : passwordBytes)
            current = hash.finish()
        }
        return current
    }

    private static func repeated(_ bytes: [UInt8], to count: Int) -> [UInt8] {
        (0..<count).map { bytes[$0 % bytes.count] }
    }

    /// Three bytes make four letters, in an order of crypt's own.
    private static func encode(_ digest: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        func add(_ high: UInt8, _ middle: UInt8, _ low: UInt8, _ count: Int) {
            var word = UInt32(high) << 16 | UInt32(middle) << 8 | UInt32(low)
            for _ in 0..<count {
                text.append(alphabet[Int(word & 63)])
                word >>= 6
            }
        }
        var (a, b, c) = (0, 21, 42)
        for _ in 0..<21 {
            add(digest[a], digest[b], digest[c], 4)
            (a, b, c) = (b + 1, c + 1, a + 1)
        }
        add(0, 0, digest[63], 2)
        return text
    }
}
