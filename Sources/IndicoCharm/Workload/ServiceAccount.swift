// SPDX-License-Identifier: Apache-2.0

/// Who runs the services of a container: the owner of its data directory.
package struct ServiceAccount: Hashable, Sendable {
    package var userID: Int
    package var user: String?
    package var groupID: Int
    package var group: String?

    package init(userID: Int, user: String? = nil, groupID: Int, group: String? = nil) {
        self.userID = userID
        self.user = user
        self.groupID = groupID
        self.group = group
    }
}
