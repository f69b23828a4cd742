// SPDX-License-Identifier: Apache-2.0

/// The version of this program and of the charm it brings.
package enum OperatorVersion {
    package static let text = "0.1.0"
}
