// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PebbleAPI

/// A recording of what another charm wrote, step by step, without a whole world around it.
struct PlainRecording: Decodable {
    struct Relation: Decodable {
        let endpoint: String
        let remoteApplicationData: [String: String]?
        let remoteUnitsData: [String: [String: String]]?
        let localApplicationData: [String: String]?
        let localUnitData: [String: String]?

        enum CodingKeys: String, CodingKey {
            case endpoint
            case remoteApplicationData = "remote_app_data"
            case remoteUnitsData = "remote_units_data"
            case localApplicationData = "local_app_data"
            case localUnitData = "local_unit_data"
        }
    }

    struct Secret: Decodable {
        let id: String
        let content: [String: String]
    }

    struct Input: Decodable {
        let relations: [Relation]?
        let secrets: [Secret]?
    }

    struct Step: Decodable {
        let event: String
        let relations: [Relation]?
        let remoteApplicationData: [String: String]?
        let localApplicationData: [String: String]?
        let localUnitData: [String: String]?

        enum CodingKeys: String, CodingKey {
            case event
            case relations
            case remoteApplicationData = "remote_app_data"
            case localApplicationData = "local_app_data"
            case localUnitData = "local_unit_data"
        }
    }

    let input: Input
    let steps: [Step]

    /// Reads a recording by its file name without extension.
    init(_ name: String) throws {
        let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        let path = root + "/contracts/interfaces/\(name).json"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Recording.LoadingError.missing(path)
        }
        self = try JSONDecoder().decode(Self.self, from: data)
    }

    /// What the other side of an endpoint gave.
    func remote(_ endpoint: String) -> Relation? {
        input.relations?.first { $0.endpoint == endpoint }
    }

    /// The last state of an endpoint.
    func written(_ endpoint: String) -> Relation? {
        steps.last?.relations?.first { $0.endpoint == endpoint }
    }
}

/// JSON text as a value, so that spaces and the order of keys do not count.
func json(_ text: String?) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data((text ?? "").utf8))
}
