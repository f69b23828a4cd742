// SPDX-License-Identifier: Apache-2.0
import Testing

/// The life of one real installation, from the first administrator to the last process.
///
/// The steps build on each other, so they are one test; each has a name and a time in `.build/e2e`.
@Suite(.serialized) struct EndToEndTests {
    @Test(
        .enabled(
            if: EndToEnd.isWanted,
            "it needs an installation of its own: 'make test' makes one and sets INDICO_E2E=1"
        )
    )
    func `one machine runs Indico, serves people, survives every process and keeps the data`() throws {
        let journey = try Journey(machine: Machine.fromEnvironment())
        try journey.step("up again: nothing restarts", upAgain)
        journey.attempt("a stranger cannot make himself the first administrator", knockAsStranger)
        try journey.step("an administrator is added", addAdministrator)
        try journey.step("the administrator logs in", logIn)
        try journey.step("an event is created", createEvent)
        journey.attempt("mail leaves through Celery", sendMail)
        journey.attempt("the exporters tell the right numbers", readMetrics)
        journey.attempt("an option shows on the contact page, and no request fails", changeOption)
        journey.attempt("another number of workers is taken up, and no request fails", changeWorkers)
        journey.attempt("Prometheus finds every panel and rule to have data", watchWithPrometheus)
        journey.attempt("nginx gone for a minute raises its alert", raiseAlert)
        journey.attempt("status, logs and exec tell what is", lookAround)
        journey.attempt("pause shows a page, resume the site", pauseAndResume)
        journey.attempt("a backup brings back what was lost, and no old session", restoreBackup)
        for victim in Victim.all {
            journey.attempt("kill -9: \(victim.name)") { try kill(victim, $0) }
        }
        journey.attempt("the data are still there", findEvent)
        journey.attempt("a browser makes a conference, registers and sees new colours", walkWithBrowser)
        journey.attempt("down in the middle of a hook; up ends what it began", goDownInMidHook)
        try journey.step("down leaves no process", goDown)
        journey.attempt("servers of others are used, and left alone", useServersOfOthers)
        try journey.step("up finds the event", comeBack)
        try journey.step("destroy leaves nothing", destroy)
    }
}
