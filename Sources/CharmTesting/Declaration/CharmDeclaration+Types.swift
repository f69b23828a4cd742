// SPDX-License-Identifier: Apache-2.0

public import CharmKit

extension CharmDeclaration {
    /// Holds a type of the configuration against the options declared.
    ///
    /// - Parameter type: The type.
    /// - Returns: What does not fit, one line each, naming the option; none when all fits.
    public func problems(of type: any CharmConfig.Type) -> [String] {
        let probe = ShapeProbe(values: options.compactMapValues(\.defaultValue))
        probe.examine(type)
        var problems = probe.incomplete.map { ["\(type): \($0)"] } ?? []
        for (name, request) in probe.requests.sorted(by: { $0.key < $1.key }) {
            guard let option = options[name] else {
                problems.append("\(type) reads option \(name), which is not declared")
                continue
            }
            guard let asked = request.type, asked != option.type else { continue }
            problems.append("\(type) reads option \(name) as \(asked.words): it is declared as \(option.type.words)")
        }
        guard probe.incomplete == nil else { return problems }
        let missed = Set(options.keys).subtracting(probe.requests.keys).subtracting(type.otherOptions)
        return problems + missed.sorted().map { "\(type) does not read option \($0), which is declared" }
    }

    /// Holds a type of an action's parameters against those declared.
    ///
    /// - Parameters:
    ///   - type: The type.
    ///   - action: The action's name.
    /// - Returns: What does not fit, one line each, naming the parameter; none when all fits.
    public func problems(of type: any Decodable.Type, forAction action: String) -> [String] {
        guard let declared = actions[action] else { return ["action \(action) is not declared"] }
        let probe = ShapeProbe(values: declared.parameters.compactMapValues(\.defaultValue))
        probe.examine(type)
        var problems = probe.incomplete.map { ["\(type): \($0)"] } ?? []
        for (name, request) in probe.requests.sorted(by: { $0.key < $1.key }) {
            guard let parameter = declared.parameters[name] else {
                problems.append("\(type) reads parameter \(name) of action \(action), which is not declared")
                continue
            }
            if let schema = request.type?.schemaType, let word = parameter.type, schema != word {
                problems.append("\(type) reads parameter \(name) as \(schema): it is declared as \(word)")
            }
            if !request.isOptional, parameter.defaultValue == nil, !declared.required.contains(name) {
                problems.append("\(type) needs parameter \(name) of action \(action), which an operator may leave out")
            }
        }
        return problems
    }
}

extension CharmDeclaration.OptionType {
    fileprivate var words: String {
        switch self {
        case .string: "string (String)"
        case .int: "int (Int)"
        case .float: "float (Double)"
        case .boolean: "boolean (Bool)"
        case .secret: "secret (SecretOption)"
        }
    }

    /// The type's word in a JSON schema; nil for a secret, which is no type there.
    fileprivate var schemaType: String? {
        switch self {
        case .string: "string"
        case .int: "integer"
        case .float: "number"
        case .boolean: "boolean"
        case .secret: nil
        }
    }
}
