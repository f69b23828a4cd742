// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
package import OneMachine

/// Where the files of the pods are, below the state directory.
package struct PodLayout: Hashable, Sendable {
    package let state: StateDirectory

    package init(_ state: StateDirectory) { self.state = state }

    package var directory: String { state.path + "/pods" }
    /// What shall be.
    package var spec: String { directory + "/spec.json" }
    /// What is, as the controller last saw it.
    package var status: String { directory + "/status.json" }
    /// Held by the controller while it runs.
    package var controllerLock: String { directory + "/controller.lock" }
    /// podman's settings for these pods.
    package var containersConfiguration: String { directory + "/containers.conf" }
    package var networks: String { directory + "/networks" }
    /// The Pebble that supervises the controller.
    package var supervisor: String { directory + "/supervisor" }
    package var supervisorSocket: String { supervisor + "/.pebble.socket" }

    /// The longest socket path below the state directory is a hundred units' nginx Pebble's.
    package static let longestStatePath = 107 - "/pods/indico-100/containers/indico-nginx/pebble.socket".utf8.count

    package func pod(_ name: String) -> String { "\(directory)/\(name)" }
    package func agent(_ pod: String) -> String { self.pod(pod) + "/agent" }
    package func controlSocket(_ pod: String) -> String { agent(pod) + "/control.sock" }
    package func container(_ container: String, of pod: String) -> String { "\(self.pod(pod))/containers/\(container)" }
    package func socket(_ container: String, of pod: String) -> String {
        self.container(container, of: pod) + "/pebble.socket"
    }
    /// A volume that all units see.
    package func volume(_ name: String) -> String { "\(directory)/volumes/\(name)" }

    /// Whether this installation runs in pods.
    package var isUsed: Bool { FileStore.exists(spec) }
}

/// A lock of the kernel's on a file: it ends with the process.
final class FileLock {
    private let descriptor: Int32

    /// Waits for the lock.
    init(_ path: String) throws(SystemError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemError.last("open the lock \(path)") }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                let error = SystemError.last("lock \(path)")
                close(descriptor)
                throw error
            }
        }
    }

    /// Takes the lock if nobody has it.
    init?(ifFree path: String) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
    }

    func release() { flock(descriptor, LOCK_UN) }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
