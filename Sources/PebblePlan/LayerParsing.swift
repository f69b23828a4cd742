// SPDX-License-Identifier: Apache-2.0

extension Layer {
    /// Reads a layer from YAML and checks what it shows alone.
    ///
    /// - Parameters:
    ///   - yaml: the text of the layer.
    ///   - label: what the layer is called.
    ///   - order: where it lies among the others.
    ///   - accounts: the users and groups of the machine; nil to take names on trust.
    /// - Returns: the layer.
    /// - Throws: ``PlanError`` with every problem and its line.
    public static func parse(
        yaml: String,
        label: String,
        order: Int = 0,
        accounts: AccountLookup? = nil
    ) throws(PlanError) -> Layer {
        throw PlanError(PlanProblem(message: "not yet"))
    }
}

extension Plan {
    /// The plan as YAML, as `pebble plan` shows it.
    public func yaml() -> String {
        ""
    }
}
