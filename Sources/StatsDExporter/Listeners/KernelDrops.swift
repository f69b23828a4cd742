// SPDX-License-Identifier: Apache-2.0
import LinuxSupport

/// How many packets the kernel dropped because its buffer was full: nobody else can count those.
enum KernelDrops {
    /// Reads `/proc/net/udp` and its twin for the UDP sockets on a port.
    ///
    /// - Parameter port: The port.
    /// - Returns: The packets dropped since the sockets were made; 0 where the kernel does not say.
    static func count(port: Int) -> Int {
        ["/proc/self/net/udp", "/proc/self/net/udp6"].reduce(0) { count, path in
            let text = (try? FileBytes.read(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            return count + Self.count(in: text, port: port)
        }
    }

    /// Adds up the last column of the lines whose local address ends in the port.
    static func count(in table: String, port: Int) -> Int {
        let ending =
            ":" + String(repeating: "0", count: 4 - min(4, String(port, radix: 16).count))
            + String(port, radix: 16, uppercase: true)
        return table.split(separator: "\n").dropFirst().reduce(0) { count, line in
            let words = line.split(separator: " ")
            guard words.count > 2, words[1].hasSuffix(ending), let drops = words.last.flatMap({ Int($0) }) else {
                return count
            }
            return count + drops
        }
    }
}
