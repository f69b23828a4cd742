// SPDX-License-Identifier: Apache-2.0
internal import CLinux
import Glibc

/// Starts processes.
///
/// Why not swift-subprocess: it ignores a failing `setsid` or `setpgid`, cannot set a controlling terminal, changes
/// directory before it changes the user, and loses the status of its children to any `waitpid(-1)` in the process,
/// which a supervisor that is process 1 or a subreaper cannot do without. What is left is one C function of a screen.
package enum ProcessSpawner {
    /// Starts a process and returns once it runs its new program.
    ///
    /// Whoever calls this owns the child and has to reap it; ``ProcessReaper/spawn(_:)`` does both.
    package static func spawn(_ request: SpawnRequest) throws(SystemError) -> ProcessID {
        let environment = request.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let texts = [request.executable, request.directory ?? ""] + request.arguments + environment
        // The kernel would cut each at the first NUL, and so run something else than was asked for.
        guard texts.allSatisfy({ !$0.utf8.contains(0) }) else {
            throw SystemError(number: EINVAL, operation: "start \(request.executable)")
        }
        let arguments = CStringArray(request.arguments)
        let variables = CStringArray(environment)
        let groups = request.identity?.groups ?? []
        var pid: pid_t = 0
        var step: Int32 = 0
        let number = request.executable.withCString { executable in
            withOptionalCString(request.directory) { directory in
                groups.withUnsafeBufferPointer { groups in
                    var raw = clinux_spawn_request()
                    raw.executable = executable
                    raw.arguments = UnsafePointer(arguments.pointers)
                    raw.environment = UnsafePointer(variables.pointers)
                    raw.directory = directory
                    raw.standing = standing(of: request)
                    raw.controlling_terminal = request.controllingTerminal ?? -1
                    raw.changes_identity = request.identity == nil ? 0 : 1
                    raw.uid = request.identity?.userID ?? 0
                    raw.gid = request.identity?.groupID ?? 0
                    raw.groups = groups.baseAddress
                    raw.group_count = groups.count
                    raw.file_mode_mask = request.fileModeMask.map { Int32(bitPattern: $0) } ?? -1
                    raw.ends_with_parent = request.endsWithParent ? 1 : 0
                    raw.descriptor_limit = request.descriptorLimit ?? 0
                    raw.standard_input = request.standardInput ?? -1
                    raw.standard_output = request.standardOutput ?? -1
                    raw.standard_error = request.standardError ?? -1
                    return spawn(&raw, request.beforeExecution, &pid, &step)
                }
            }
        }
        withExtendedLifetime((arguments, variables)) {}
        guard number == 0 else {
            throw SystemError(number: number, operation: operation(step: step, request: request))
        }
        return ProcessID(rawValue: pid)
    }

    private static func spawn(
        _ raw: inout clinux_spawn_request,
        _ beforeExecution: (@Sendable (ProcessID) -> Void)?,
        _ pid: inout pid_t,
        _ step: inout Int32
    ) -> Int32 {
        guard var beforeExecution else { return clinux_spawn(&raw, &pid, &step) }
        return withUnsafeMutablePointer(to: &beforeExecution) { context in
            raw.forked_context = UnsafeMutableRawPointer(context)
            raw.forked = { pid, context in
                context?.assumingMemoryBound(to: (@Sendable (ProcessID) -> Void).self).pointee(ProcessID(rawValue: pid))
            }
            return clinux_spawn(&raw, &pid, &step)
        }
    }

    private static func standing(of request: SpawnRequest) -> Int32 {
        switch request.standing {
        case .inherited: Int32(CLINUX_STANDING_INHERITED.rawValue)
        case .ownGroup: Int32(CLINUX_STANDING_GROUP.rawValue)
        case .ownSession: Int32(CLINUX_STANDING_SESSION.rawValue)
        }
    }

    private static func operation(step: Int32, request: SpawnRequest) -> String {
        switch UInt32(step) {
        case CLINUX_STEP_FORK.rawValue: "fork"
        case CLINUX_STEP_STANDING.rawValue: request.standing == .ownSession ? "setsid" : "setpgid"
        case CLINUX_STEP_TERMINAL.rawValue: "set the controlling terminal"
        case CLINUX_STEP_DESCRIPTORS.rawValue: "place the standard streams"
        case CLINUX_STEP_IDENTITY.rawValue: "become user \(request.identity.map { String($0.userID) } ?? "?")"
        case CLINUX_STEP_DIRECTORY.rawValue: "chdir \(request.directory ?? "?")"
        // The wording of the original supervisor's language, which its clients show to people.
        default: "fork/exec \(request.executable)"
        }
    }
}

/// A NULL-terminated array of C strings, alive as long as this is.
private final class CStringArray {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointers = .allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() {
            pointers[index] = strdup(string)
        }
        pointers[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}

private func withOptionalCString<Result>(
    _ string: String?,
    _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
    guard let string else { return body(nil) }
    return string.withCString { body($0) }
}
