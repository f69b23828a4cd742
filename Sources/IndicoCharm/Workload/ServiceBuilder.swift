// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebblePlan

/// Makes services and checks that run as a container's account.
struct ServiceBuilder {
    let account: ServiceAccount?
    let directory: String

    func service(_ name: String, summary: String, _ command: [String]) -> Service {
        var service = Service(name: name, override: .replace, command: ServiceCommand(words: command).description)
        service.summary = summary
        service.startup = .enabled
        service.workingDirectory = directory
        service.userID = account?.userID
        service.user = account?.user
        service.groupID = account?.groupID
        service.group = account?.group
        return service
    }

    func exec(_ command: [String], layout: WorkloadLayout) -> ExecCheck {
        var exec = ExecCheck(command: ServiceCommand(words: command).description)
        exec.environment = IndicoLayer.environment(layout)
        exec.workingDirectory = directory
        exec.userID = account?.userID
        exec.user = account?.user
        exec.groupID = account?.groupID
        exec.group = account?.group
        return exec
    }

    /// Log rotation as a check that runs each hour: a service would need a shell loop around a command that ends at
    /// once, and a failing rotation would go unseen.
    func rotation(command: [String]) -> Check {
        var check = Check(name: "log-rotation", override: .replace)
        check.period = .seconds(3600)
        check.timeout = .seconds(300)
        var exec = ExecCheck(command: ServiceCommand(words: command).description)
        exec.workingDirectory = directory
        exec.userID = account?.userID
        exec.user = account?.user
        exec.groupID = account?.groupID
        exec.group = account?.group
        check.exec = exec
        return check
    }
}
