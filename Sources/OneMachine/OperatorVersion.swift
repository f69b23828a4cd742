// SPDX-License-Identifier: Apache-2.0

import ProgramVersion

/// The version of this program and of the charm it brings.
package enum OperatorVersion {
    package static var text: String { ProgramVersion.text }
}
