// SPDX-License-Identifier: Apache-2.0

// The examples of docs/reference/pebble-plan.md, which a test holds equal to these and runs.

import PebbleAPI
public import PebblePlan

/// Lays one layer over another and gives the plan as `pebble plan` shows it.
public func combined(_ base: String, _ site: String) throws(PlanError) -> String {
    let layers = [
        try Layer.parse(yaml: base, label: "base"),
        try Layer.parse(yaml: site, label: "site"),
    ]
    let plan = try Plan.combine(layers)
    try plan.validate()
    return plan.yaml()
}

/// Says all that is wrong with a layer, each with its line; nil if nothing is.
public func problems(in yaml: String) -> String? {
    do throws(PlanError) {
        let layer = try Layer.parse(yaml: yaml, label: "draft")
        try Plan.combine([layer]).validate()
        return nil
    } catch {
        return error.report
    }
}

/// A layer made by a program, fit for `PebbleClient.addLayer(label:yaml:combine:inner:)`.
public func webLayer(port: Int) -> Layer {
    var web = Service(name: "web", override: .replace, command: "/usr/bin/web --port \(port)")
    web.startup = .enabled
    web.environment = ["LANG": "C.UTF-8"]
    web.onCheckFailure = ["web-up": .restart]
    web.killDelay = .seconds(10)

    var check = Check(name: "web-up", override: .replace)
    check.level = .ready
    check.period = .seconds(5)
    check.http = HTTPCheck(url: "http://127.0.0.1:\(port)/")

    var layer = Layer(label: "web")
    layer.services = ["web": web]
    layer.checks = ["web-up": check]
    return layer
}

/// In which order services start: lanes go on side by side, the services of a lane one after the other.
public func order(of names: [String], in plan: Plan) throws(PlanError) -> String {
    try plan.startLanes(names)
        .map { lane in lane.joined(separator: ", then ") }
        .sorted()
        .joined(separator: "; ")
}

/// The words of a command as they are run; `other` takes the place of what stands in brackets at its end.
public func words(of command: String, with other: [String]? = nil) throws(CommandError) -> [String] {
    let parsed = try ServiceCommand(parsing: command)
    return parsed.words + (other ?? parsed.defaultArguments)
}

/// Which of the files in a directory are layers, from the bottom up.
public func layerPaths(_ names: [String], inside: (String) -> [String]) throws(PlanError) -> [String] {
    try LayerFile.find(names: names, inside: inside).map { file in "\(file.order) \(file.label) \(file.path)" }
}
