// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI

/// Has another uWSGI serve the visitors while the real one starts all of its workers anew.
///
/// uWSGI keeps its socket through that, so that nobody is turned away; but whoever comes waits until the application
/// is loaded again, and on a busy machine gives up. nginx leads visitors back by what it is always brought to, and the
/// stand-in is dismissed after that: a hook that is killed in between leaves visitors served and the next one ends it.
struct StandIn {
    let indico: Container
    let nginx: Container
    let desired: DesiredWorkload
    let probe: SiteProbe
    let pace: Pace
    let show: (String) throws -> Void

    /// How long it may take to load Indico.
    private static let patience = Duration.seconds(60)
    /// nginx starts new workers at once when told to; connections it had accepted still go the old way.
    private static let settling = Duration.seconds(1)

    /// Does something uWSGI cannot serve through, with visitors led to the stand-in.
    ///
    /// Without a stand-in it is done all the same: visitors then wait, as they would have.
    ///
    /// - Parameter work: What is to be done.
    /// - Returns: What the work returns.
    /// - Throws: ``ContainerError`` when Pebble does not do its part, and what the work throws.
    func cover(_ work: () throws -> Obstacle?) throws -> Obstacle? {
        guard try nginx.services(["nginx"])["nginx"]?.isRunning == true, try start() else { return try work() }
        _ = try NginxContainer(nginx, leadingHere).apply()
        pace.sleep(Self.settling)
        return try work()
    }

    /// Ends the stand-in once nobody is led to it any more; does nothing when there is none.
    ///
    /// - Throws: ``ContainerError`` when Pebble cannot be asked.
    func dismiss() throws {
        let name = StandInConfiguration.name
        guard try indico.services([name])[name]?.isRunning == true else { return }
        pace.sleep(Self.settling)
        try indico.stop([name], timeout: .seconds(90))
    }

    private var leadingHere: DesiredWorkload {
        var led = desired
        let content = NginxConfiguration.render(
            desired.settings,
            layout: desired.layout,
            ports: desired.ports,
            upstream: desired.ports.uwsgiStandIn
        )
        led.nginx.files = desired.nginx.files.map { file in
            var file = file
            if file.reader == .nginx { file.content = content }
            return file
        }
        return led
    }

    /// Starts it and waits until it answers; says whether it does.
    private func start() throws -> Bool {
        try show("starting a stand-in for Indico")
        let name = StandInConfiguration.name
        let layout = desired.layout
        let file = DesiredFile(
            path: layout.standInConfiguration,
            content: StandInConfiguration.render(desired.settings, layout: layout, ports: desired.ports),
            permissions: 0o644,
            reader: .service(name)
        )
        try ContainerFiles(container: indico, desired: desired.indico).write(file)
        try indico.addLayer(StandInConfiguration.layer(layout: layout, account: desired.indico.account))
        do {
            try indico.start([name], timeout: .seconds(30))
        } catch let error as ContainerError where error.kind == .changeFailed {
            return false
        }
        let deadline = pace.now() + Self.patience
        while pace.now() < deadline {
            // It listens before it has loaded, and answers after. Should the port be another program's, it has ended.
            let answers = probe.ask(desired.ports.uwsgiStandIn, desired.settings.site.authority, "/ping") != nil
            guard try indico.services([name])[name]?.isRunning == true else { return false }
            if answers { return true }
            pace.sleep(.milliseconds(250))
        }
        try indico.stop([name], timeout: .seconds(90))
        return false
    }
}
