// SPDX-License-Identifier: Apache-2.0
import HookProtocol

/// The hook tools of this agent.
enum HookTools {
    static let all: [any HookToolCommand.Type] = [
        ActionFailTool.self, ActionGetTool.self, ActionLogTool.self, ActionSetTool.self, ApplicationVersionSetTool.self,
        ClosePortTool.self, ConfigGetTool.self, CredentialGetTool.self, GoalStateTool.self, IsLeaderTool.self,
        JujuLogTool.self, JujuRebootTool.self, LeaderGetTool.self, LeaderSetTool.self, NetworkGetTool.self,
        OpenPortTool.self, OpenedPortsTool.self, RelationGetTool.self, RelationIDsTool.self, RelationListTool.self,
        RelationModelGetTool.self, RelationSetTool.self, ResourceGetTool.self, SecretAddTool.self, SecretGetTool.self,
        SecretGrantTool.self, SecretIDsTool.self, SecretInfoGetTool.self, SecretRemoveTool.self, SecretRevokeTool.self,
        SecretSetTool.self, StateDeleteTool.self, StateGetTool.self, StateSetTool.self, StatusGetTool.self,
        StatusSetTool.self, StorageAddTool.self, StorageGetTool.self, StorageListTool.self, UnitGetTool.self,
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name.rawValue, $0) })

    /// The tool called `name`.
    static func tool(_ name: String) -> (any HookToolCommand.Type)? { byName[name] }
}
