// SPDX-License-Identifier: Apache-2.0
import PebblePlan

/// Where a layer goes among the others.
enum LayerStack {
    /// How far apart the layers of one directory are numbered, so that those of a sub-directory fit between.
    static let stride = 1000

    /// Adds a layer, or lays it over the one of its label.
    ///
    /// The place is found by the label: one of the form `directory/name` goes with the others of that directory, and
    /// only with `inner` if that is not the top.
    static func adding(
        _ layer: Layer,
        to layers: [Layer],
        combine: Bool,
        inner: Bool
    ) throws(DaemonError) -> [Layer] {
        var layers = layers
        if let index = layers.firstIndex(where: { $0.label == layer.label }) {
            guard combine else { throw DaemonError(.invalid, "layer \"\(layer.label)\" already exists") }
            do throws(PlanError) {
                layers[index] = try layers[index].combined(with: layer)
            } catch {
                throw DaemonError(.invalid, error.description)
            }
            return layers
        }
        var added = layer
        let top = layers.last?.order ?? 0
        guard let directory = directory(of: layer.label) else {
            added.order = (top / stride + 1) * stride
            return layers + [added]
        }
        guard let last = layers.lastIndex(where: { Self.directory(of: $0.label) == directory }) else {
            added.order = (top / stride + 1) * stride + 1
            return layers + [added]
        }
        if last != layers.index(before: layers.endIndex), !inner {
            throw DaemonError(.failed, "cannot insert sub-directory layer without 'inner' attribute set")
        }
        added.order = layers[last].order + 1
        layers.insert(added, at: last + 1)
        return layers
    }

    private static func directory(of label: String) -> Substring? {
        guard let slash = label.firstIndex(of: "/") else { return nil }
        return label[..<slash]
    }
}
