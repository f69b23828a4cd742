// SPDX-License-Identifier: Apache-2.0

import CharmKit

extension StoryCharm {
    func ready(_ event: Event, _ model: Model) throws {
        let web = model.container("web")
        let page = "\(root)/etc/page"
        try web.push("welcome\n", to: page, options: FileOptions(permissions: 0o640, makeParents: true))
        try web.addLayer(layer)
        try web.replan()
        let said = try web.execute(
            ExecCommand(
                ["sh", "-c", "cat; echo $WORD >&2"],
                environment: ["WORD": "spoken"],
                input: Array("typed".utf8)
            )
        )
        try tell(model, "exec", "\(said.output) \(said.errorOutput.split(separator: "\n").joined())")
        try tell(model, "code", String(try web.execute(ExecCommand(["sh", "-c", "exit 3"])).exitCode))
        if let info = try web.listFiles("\(root)/etc").first {
            let text = try web.pullText(page).split(separator: "\n").joined()
            try tell(model, "file", "\(info.name) \(info.permissions) \(info.size ?? 0) \(text)")
        }
        try web.makeDirectory("\(root)/var/deep")
        try web.removePath("\(root)/var", recursive: true)
        try tell(model, "gone", try web.fileInfo("\(root)/var") == nil ? "yes" : "no")
        let service = try web.services(["web"])["web"]
        let check = try web.checks(["well"])["well"]
        try tell(
            model,
            "service",
            "\(service?.current.rawValue ?? "") \(check?.level?.rawValue ?? "") \(check?.threshold ?? 0)"
        )
    }

    private var layer: Layer {
        var layer = Layer(label: "story")
        var service = Service(name: "web", override: .replace, command: "sleep 100000")
        service.startup = .enabled
        layer.services["web"] = service
        var check = Check(name: "well", override: .replace)
        check.level = .ready
        check.period = .seconds(1)
        check.timeout = .milliseconds(900)
        check.threshold = 2
        check.exec = ExecCheck(command: "test ! -e \(root)/sick")
        layer.checks["well"] = check
        return layer
    }

    func notice(_ event: Event, _ model: Model) throws {
        guard case .pebbleCustomNotice(_, let about)? = event.hook else { return }
        let notice = try model.container("web").notices(types: [.custom], keys: [about.key]).first
        try tell(model, "notice", "\(about.key) \(notice?.lastData?["who"] ?? "")")
    }

    func failed(_ event: Event, _ model: Model) throws {
        guard case .pebbleCheckFailed(_, let name)? = event.hook else { return }
        try tell(model, "check", "\(name) \(try status(of: name, model))")
    }

    func recovered(_ event: Event, _ model: Model) throws {
        guard case .pebbleCheckRecovered(_, let name)? = event.hook else { return }
        try tell(model, "check", "\(name) \(try status(of: name, model)) again")
    }

    private func status(of check: String, _ model: Model) throws -> String {
        try model.container("web").checks([check])[check]?.status.rawValue ?? ""
    }
}
