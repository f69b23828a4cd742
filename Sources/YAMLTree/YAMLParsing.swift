// SPDX-License-Identifier: Apache-2.0

extension YAMLNode {
    /// Reads a text of one document; nil when there is none in it.
    package static func parse(_ text: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLNode? {
        try parse(Array(text.utf8), limits: limits)
    }

    /// Reads the bytes of one document; nil when there is none in them.
    package static func parse(_ bytes: [UInt8], limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLNode? {
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        // libyaml does not take a null pointer, which an empty buffer may have.
        if content.isEmpty { return nil }
        let result = content.withUnsafeBufferPointer { buffer in
            Result { () throws(YAMLError) in
                var builder = YAMLTreeBuilder(limits: limits)
                return try builder.build(YAMLEventSource(buffer))
            }
        }
        return try result.get()
    }
}

/// Builds a tree from events, on a stack of its own so that depth costs no call stack.
private struct YAMLTreeBuilder {
    /// A sequence or mapping whose end has not come yet.
    private struct Open {
        var isMapping: Bool
        var anchor: String?
        var place: YAMLPlace
        var nodes: [YAMLNode] = []
        var weight = 1
        /// Where each key was first written.
        var keys: [YAMLScalar: YAMLPlace] = [:]
    }

    private let limits: YAMLLimits
    private var stack: [Open] = []
    private var anchors: [String: (node: YAMLNode, weight: Int)] = [:]
    private var openAnchors: Set<String> = []
    private var weight = 0
    private var root: YAMLNode?
    private var documents = 0

    init(limits: YAMLLimits) {
        self.limits = limits
    }

    mutating func build(_ source: consuming YAMLEventSource) throws(YAMLError) -> YAMLNode? {
        while true {
            let (event, place) = try source.next()
            switch event {
            case .documentStart:
                documents += 1
                guard documents == 1 else { throw YAMLError(message: "more than one document", place: place) }
            case .streamEnd:
                return root
            case .documentEnd, .other:
                break
            case .alias(let name):
                try alias(name, place)
            case .scalar(let scalar, let anchor):
                let node = YAMLNode(.scalar(scalar), place: place)
                if let anchor { anchors[anchor] = (node, 1) }
                try add(node, weight: 1, place)
            case .sequenceStart(let anchor):
                try open(isMapping: false, anchor: anchor, place)
            case .mappingStart(let anchor):
                try open(isMapping: true, anchor: anchor, place)
            case .sequenceEnd, .mappingEnd:
                try close()
            }
        }
    }

    private mutating func open(isMapping: Bool, anchor: String?, _ place: YAMLPlace) throws(YAMLError) {
        guard stack.count < limits.depth else {
            throw YAMLError(message: "values lie more than \(limits.depth) deep in each other", place: place)
        }
        if let anchor { openAnchors.insert(anchor) }
        stack.append(Open(isMapping: isMapping, anchor: anchor, place: place))
    }

    private mutating func close() throws(YAMLError) {
        guard let open = stack.popLast() else { return }
        let content: YAMLNode.Content
        if open.isMapping {
            var pairs: [YAMLMapping.Pair] = []
            for index in stride(from: 0, to: open.nodes.count - 1, by: 2) {
                pairs.append(YAMLMapping.Pair(key: open.nodes[index], value: open.nodes[index + 1]))
            }
            content = .mapping(try YAMLMapping(pairs).expandingMergeKeys())
        } else {
            content = .sequence(open.nodes)
        }
        let node = YAMLNode(content, place: open.place)
        if let anchor = open.anchor {
            openAnchors.remove(anchor)
            anchors[anchor] = (node, open.weight)
        }
        try add(node, weight: open.weight, open.place, counted: true)
    }

    private mutating func alias(_ name: String, _ place: YAMLPlace) throws(YAMLError) {
        if openAnchors.contains(name) {
            throw YAMLError(message: "anchor '\(name)' value contains itself", place: place)
        }
        guard let found = anchors[name] else {
            throw YAMLError(message: "unknown anchor '\(name)' referenced", place: place)
        }
        try add(found.node, weight: found.weight, place)
    }

    private mutating func add(
        _ node: YAMLNode,
        weight added: Int,
        _ place: YAMLPlace,
        counted: Bool = false
    ) throws(YAMLError) {
        if !counted { weight += added }
        guard weight <= limits.nodes else {
            throw YAMLError(message: "more than \(limits.nodes) values, aliases expanded", place: place)
        }
        guard let last = stack.indices.last else {
            root = node
            return
        }
        if stack[last].isMapping && stack[last].nodes.count.isMultiple(of: 2) {
            guard let key = node.scalar else {
                throw YAMLError(message: "mapping key is not a scalar", place: place)
            }
            if let first = stack[last].keys.updateValue(place, forKey: key), key.text != "<<" {
                let message = "mapping key \"\(key.text)\" already defined at line \(first.line)"
                throw YAMLError(message: message, place: place)
            }
        }
        stack[last].nodes.append(node)
        stack[last].weight += added
    }
}

extension YAMLMapping {
    /// Takes in the mappings that a `<<` key names; what is written out wins.
    fileprivate func expandingMergeKeys() throws(YAMLError) -> YAMLMapping {
        let isMergeKey = { (pair: Pair) in
            pair.key.scalar.map { $0.style == .plain && $0.text == "<<" } ?? false
        }
        guard pairs.contains(where: isMergeKey) else { return self }
        var merged = pairs.filter { !isMergeKey($0) }
        var present = Set(merged.map(\.key))
        for pair in pairs where isMergeKey(pair) {
            for source in pair.value.sequence ?? [pair.value] {
                guard let mapping = source.mapping else {
                    throw YAMLError(
                        message: "map merge requires map or sequence of maps as the value",
                        place: pair.key.place
                    )
                }
                for inherited in mapping.pairs where present.insert(inherited.key).inserted {
                    merged.append(inherited)
                }
            }
        }
        return YAMLMapping(merged)
    }
}
