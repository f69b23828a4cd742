// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

extension PebbleClient {
    /// Reads the plan as YAML.
    public func planYAML() throws(PebbleClientError) -> String {
        try result(get("/v1/plan", [("format", "yaml")]), String.self)
    }

    /// Adds a layer, or combines it with the one of the same label.
    ///
    /// - Parameters:
    ///   - label: what the layer is called.
    ///   - yaml: the layer.
    ///   - combine: whether to combine it with a layer of that label; without it such a layer is an error.
    ///   - inner: whether a layer labelled `dir/name` may go between others.
    /// - Throws: ``PebbleClientError``.
    public func addLayer(
        label: String,
        yaml: String,
        combine: Bool = false,
        inner: Bool = false
    ) throws(PebbleClientError) {
        let body = LayersRequest(label: label, layer: yaml, combine: combine, inner: inner)
        _ = try result(post("/v1/layers", body), Bool.self)
    }
}
