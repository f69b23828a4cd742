// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Until when something may take.
///
/// By the kernel's clock: the library's brings the whole of concurrency and libdispatch into a program that has no other
/// use for them, as a charm.
struct Deadline {
    /// In the machine's time since its start.
    private let end: Duration?

    /// Makes a deadline from now on; nil for none.
    init(_ timeout: Duration?) {
        end = timeout.map { Self.now + $0 }
    }

    /// The time left in milliseconds for `poll`, rounded up; -1 for no end.
    var pollTimeout: Int32 {
        guard let end else { return -1 }
        let (seconds, attoseconds) = (end - Self.now).components
        if seconds < 0 || attoseconds < 0 { return 0 }
        let milliseconds = seconds.multipliedReportingOverflow(by: 1000)
        if milliseconds.overflow || milliseconds.partialValue > Int64(Int32.max) - 1000 { return Int32.max }
        return Int32(milliseconds.partialValue + attoseconds / 1_000_000_000_000_000 + 1)
    }

    var isPast: Bool { pollTimeout == 0 }

    private static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

/// What a socket did not do.
enum StreamError: Error {
    case timedOut
    case closed
    case system(number: Int32, operation: String)

    var reason: String {
        switch self {
        case .timedOut: "timed out"
        case .closed: "connection closed"
        case .system(let number, let operation): "\(operation): \(Self.text(number))"
        }
    }

    /// The system's words for an error number, in lower case.
    static func text(_ number: Int32) -> String {
        guard let pointer = strerror(number) else { return "error \(number)" }
        let text = String(cString: pointer)
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}

/// A connected Unix socket that never blocks: whoever must wait polls with a deadline.
final class UnixStream {
    let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Connects to the socket at a path.
    static func connect(to path: String, deadline: Deadline) throws(StreamError) -> UnixStream {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw .system(number: errno, operation: "socket") }
        let stream = UnixStream(descriptor: descriptor)
        try withShortPath(path) { short throws(StreamError) in
            try stream.connect(short, deadline: deadline)
        }
        return stream
    }

    /// A socket address holds 107 bytes; a longer path is reached through its directory's descriptor.
    private static func withShortPath(
        _ path: String,
        _ body: (String) throws(StreamError) -> Void
    ) throws(StreamError) {
        if path.utf8.count <= 107 { return try body(path) }
        guard let slash = path.lastIndex(of: "/") else { throw .system(number: ENAMETOOLONG, operation: "connect") }
        let directory = open(String(path[...slash]), O_DIRECTORY | O_CLOEXEC | O_RDONLY)
        guard directory >= 0 else { throw .system(number: errno, operation: "connect") }
        defer { close(directory) }
        try body("/proc/self/fd/\(directory)/\(path[path.index(after: slash)...])")
    }

    private func connect(_ path: String, deadline: Deadline) throws(StreamError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < capacity else { throw .system(number: ENAMETOOLONG, operation: "connect") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        while true {
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { return }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // The listener's queue is full; a Unix socket cannot be polled for room in it.
                if deadline.isPast { throw .timedOut }
                usleep(2000)
            case let number: throw .system(number: number, operation: "connect")
            }
        }
    }

    /// Reads what is there, at most a count; waits for something until the deadline.
    ///
    /// Empty when the other side has ended.
    func read(atMost count: Int, deadline: Deadline) throws(StreamError) -> [UInt8] {
        while true {
            if let bytes = try readIfReady(atMost: count) { return bytes }
            try wait(for: Int16(POLLIN), deadline: deadline)
        }
    }

    /// Reads what is there; nil when that is nothing yet, empty when the other side has ended.
    func readIfReady(atMost count: Int) throws(StreamError) -> [UInt8]? {
        while true {
            var result = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
                result = recv(descriptor, buffer.baseAddress, count, 0)
                used = max(result, 0)
            }
            if result >= 0 { return bytes }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            case ECONNRESET: return []
            case let number: throw .system(number: number, operation: "read")
            }
        }
    }

    /// Writes everything, waiting for room until the deadline.
    func write(_ bytes: [UInt8], deadline: Deadline) throws(StreamError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = try writeIfReady(rest)
            rest.removeFirst(written)
            if written == 0 { try wait(for: Int16(POLLOUT), deadline: deadline) }
        }
    }

    /// Writes what there is room for and says how much that was.
    func writeIfReady(_ bytes: ArraySlice<UInt8>) throws(StreamError) -> Int {
        while true {
            let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN: return 0
            case EPIPE, ECONNRESET: throw .closed
            case let number: throw .system(number: number, operation: "write")
            }
        }
    }

    private func wait(for events: Int16, deadline: Deadline) throws(StreamError) {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        let count = poll(&entry, 1, deadline.pollTimeout)
        if count == 0 { throw .timedOut }
        if count < 0 && errno != EINTR { throw .system(number: errno, operation: "poll") }
    }
}
