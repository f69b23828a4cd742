// SPDX-License-Identifier: Apache-2.0
import PebblePlan

/// What libFuzzer calls with each text it makes up: see `scripts/fuzz-layers.sh`.
///
/// A layer is read or refused; one that is read can be written and is then read as the same. All else is a crash here.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLayer(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    guard let layer = try? Layer.parse(yaml: text, label: "fuzz") else { return 0 }
    let written = layer.yaml()
    do {
        let again = try Layer.parse(yaml: written, label: "fuzz")
        // A crash is how a finding is told to libFuzzer, which keeps the input that led to it.
        guard again == layer else { fatalError("written and read again it is another:\n\(written)") }
    } catch {
        // As above: a finding.
        fatalError("written, it cannot be read again: \(error)\n\(written)")
    }
    if let twice = try? layer.combined(with: layer), let plan = try? Plan.combine([layer, twice]) {
        _ = try? plan.validate()
        _ = plan.yaml()
    }
    return 0
}
