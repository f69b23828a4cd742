// SPDX-License-Identifier: Apache-2.0
internal import CLinux

/// The memory of this process.
package enum ProcessMemory {
    /// Gives back what the process does not need while it rests.
    ///
    /// That is free memory of the allocator, and pages of the program and its libraries, most of which only the start
    /// needed. What is needed again comes back page by page from the kernel's cache.
    package static func giveBack() {
        clinux_give_memory_back()
    }
}
