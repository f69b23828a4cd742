// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Testing

@testable import CeleryExporter

@Suite struct CeleryOptionsTests {
    @Test func `the original's options are taken`() throws {
        let options = try CeleryOptions.parse([
            "--broker-url=redis://h/1", "--retry-interval", "5", "--host=127.0.0.1", "--port=1", "--buckets=1,2.5,inf",
            "--queue-wait-buckets=1, 2", "--log-level=debug", "--worker-timeout=10", "--purge-offline-worker-metrics=0",
            "--generic-hostname-task-sent-metric", "-Q", "a,b", "--metric-prefix=x_", "--default-queue-name=d",
            "--static-label", "a=b=c", "--static-label", "d=e", "--broker-transport-option", "visibility_timeout=7200",
            "--broker-transport-option", "global_keyprefix=p.", "--accept-content=json",
        ])
        let settings = options.settings
        #expect(settings.buckets == [1, 2.5, .infinity])
        #expect(settings.waitBuckets == [1, 2])
        #expect(settings.workerTimeout == .seconds(10))
        #expect(settings.purgeAfter == .zero)
        #expect(settings.queues == ["a", "b"])
        #expect(settings.staticLabels == ["a": "b=c", "d": "e"])
        #expect(settings.keyPrefix == "p.")
        #expect(settings.genericSentHost && !settings.genericWorkerHost)
    }

    @Test(arguments: [
        [], ["--broker-url=redis://h", "--broker-url-file=x"], ["--broker-url=amqp://h"], ["--broker-url=h"],
        ["--broker-url-file=x", "--port=99999"], ["--broker-url-file=x", "--buckets=a"],
        ["--broker-url-file=x", "--static-label=a"], ["--broker-url-file=x", "--static-label=a-b=c"],
        ["--broker-url-file=x", "--retry-interval=-1"], ["--broker-url-file=x", "--broker-ssl-option=a=b"],
        ["--broker-url-file=x", "--broker-ssl-option=ssl_ca_certs"],
    ])
    func `wrong options are refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try CeleryOptions.parse(arguments) }
    }

    @Test func `a refusal does not show the password`() {
        do {
            _ = try CeleryOptions.parse(["--broker-url=amqps://:secret@h"])
            Issue.record("it was taken")
        } catch {
            #expect(!CeleryOptions.fullMessage(for: error).contains("secret"))
            #expect(CeleryOptions.fullMessage(for: error).contains("amqps"))
        }
    }

    @Test func `the environment stands in for what the arguments leave out`() throws {
        let environment = [
            "CE_BROKER_URL": "redis://env", "CE_PORT": "7", "CE_STATIC_LABEL": "a=b c=d", "CE_QUEUES": "x",
            "CE_HOST": "",
            "CE_GENERIC_HOSTNAME_TASK_SENT_METRIC": "true", "CE_GENERIC_HOSTNAME_WORKER_TASK_METRIC": "0", "PORT": "9",
        ]
        let options = try CeleryOptions.parse(EnvironmentArguments.merged(environment, ["--port=8"]))
        #expect(options.brokerURL == "redis://env")
        #expect(options.port == 8)
        #expect(options.host == "0.0.0.0")
        #expect(options.settings.staticLabels == ["a": "b", "c": "d"])
        #expect(options.settings.queues == ["x"])
        #expect(options.genericHostnameTaskSentMetric && !options.genericHostnameWorkerTaskMetric)
        let named = EnvironmentArguments.merged(environment, ["--broker-url-file", "f", "-Q", "y"])
        #expect(try CeleryOptions.parse(named).brokerURL == nil)
        #expect(try CeleryOptions.parse(named).queues == "y")
    }
}
