// SPDX-License-Identifier: Apache-2.0
import ServiceLifecycle

/// Has the receiver do every second what it does then.
struct Sweeper: Service {
    private let receiver: StatsDReceiver

    init(receiver: StatsDReceiver) {
        self.receiver = receiver
    }

    func run() async throws {
        let receiver = receiver
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .seconds(1))
                receiver.tick()
            }
        }
    }
}
