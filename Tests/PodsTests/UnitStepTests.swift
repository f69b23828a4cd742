// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Pods

@Suite struct UnitStepTests {
    private static let images = ["charm": "c:1", "indico": "i:2", "indico-nginx": "n:1"]

    private func unit(
        _ number: Int,
        indico: String = "i:2",
        dead: Set<String> = [],
        absent: Bool = false,
        leaving: Bool = false,
        ready: Bool = true,
        busy: Bool = false
    ) -> UnitPodFacts {
        let all = [("charm", "c:1"), ("indico", indico), ("indico-nginx", "n:1")]
        return UnitPodFacts(
            number: number,
            containers: absent ? [] : all.map { ($0.0, !dead.contains($0.0), $0.1) },
            isLeaving: leaving,
            isReady: ready,
            isBusy: busy
        )
    }

    @Test func `nothing is done to pods that are what they shall be`() {
        #expect(UnitStep.next([unit(0), unit(1)], images: Self.images).isEmpty)
    }

    @Test func `absent pods are made, dead ones replaced, leaving ones removed, all at once`() {
        let units = [
            unit(0, absent: true), unit(1, dead: ["indico"]), unit(2, leaving: true),
            unit(3, dead: ["charm"], busy: true),
        ]
        #expect(UnitStep.next(units, images: Self.images) == [0: .create, 1: .replace, 2: .remove])
    }

    @Test func `a new image goes to one unit after the other, the last first, while all others are ready`() {
        let old = { unit($0, indico: "i:1") }
        #expect(UnitStep.next([old(0), old(1), old(2)], images: Self.images) == [2: .roll])
        #expect(UnitStep.next([old(0), old(1), unit(2)], images: Self.images) == [1: .roll])
        #expect(UnitStep.next([old(0), old(1), unit(2, ready: false)], images: Self.images).isEmpty)
        #expect(UnitStep.next([old(0), old(1), unit(2, busy: true)], images: Self.images).isEmpty)
        #expect(UnitStep.next([old(0)], images: Self.images) == [0: .roll])
    }
}
