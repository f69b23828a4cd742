// SPDX-License-Identifier: Apache-2.0

/// Which version of Pebble's API we speak, and that it is ours.
package enum PebbleVersion {
    package static let current = "v1.32.1-swift"
}
