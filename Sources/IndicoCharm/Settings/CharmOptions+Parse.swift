// SPDX-License-Identifier: Apache-2.0
package import CharmInterfaces
package import PebbleAPI

extension CharmOptions {
    /// Reads all options of the charm.
    ///
    /// Total: whatever the values are, there are options and a list of what is wrong with them.
    ///
    /// - Parameters:
    ///   - values: The values by option.
    ///   - application: The application's name, from which the site's URL follows when nothing else says it.
    ///   - url: The URL under which an ingress lets visitors in; counts when no `site_url` is set.
    /// - Returns: The options, the site and the problems, each a sentence that names its option.
    package static func parse(
        _ values: [String: JSONValue],
        application: String,
        reachedAt url: WebURL? = nil
    ) -> (options: CharmOptions, site: SiteURL, problems: [String]) {
        var reader = OptionReader(values: values)
        var options = CharmOptions()
        var site = url.flatMap { try? SiteURL("\($0)") } ?? SiteURL(application: application)
        if let text = reader.text("site_url") {
            do throws(SiteURLError) {
                site = try SiteURL(text)
            } catch {
                reader.complain("site_url", error.description)
            }
        }
        options.supportEmail = reader.email("indico_support_email") ?? options.supportEmail
        options.publicSupportEmail = reader.email("indico_public_support_email") ?? options.publicSupportEmail
        options.noReplyEmail = reader.email("indico_no_reply_email") ?? options.noReplyEmail
        options.enableRoomBooking = reader.boolean("enable_roombooking") ?? false
        options.customizationDebug = reader.boolean("customization_debug") ?? false
        options.customizationSource = reader.repository("customization_sources_url")
        options.timeZone = reader.timeZone("default_timezone") ?? options.timeZone
        options.locale = reader.locale("default_locale") ?? options.locale
        options.workers = reader.integer("workers", 1...64) ?? options.workers
        options.celeryWorkers = reader.integer("celery_workers", 1...64) ?? options.celeryWorkers
        options.trustedProxies = reader.networks("trusted_proxies")
        options.httpsPort = reader.integer("https_port", 1...65535) ?? options.httpsPort
        options.readServing(&reader)
        options.readSignOn(&reader)
        options.readBackups(&reader)
        return (options, site, reader.problems)
    }
}

/// Reads options one by one and remembers what is wrong with them.
struct OptionReader {
    let values: [String: JSONValue]
    var problems: [String] = []

    init(values: [String: JSONValue]) {
        self.values = values
    }

    mutating func complain(_ option: String, _ problem: String) {
        problems.append("\(option) \(problem)")
    }

    /// A text without the space around it; an empty one counts as not set.
    mutating func text(_ option: String) -> String? {
        switch values[option] {
        case nil, .null?: return nil
        case .string(let value)?:
            guard !value.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
                complain(option, "must not have line breaks or control characters")
                return nil
            }
            let trimmed = value.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
            return trimmed.isEmpty ? nil : String(trimmed)
        default:
            complain(option, "must be text")
            return nil
        }
    }

    mutating func boolean(_ option: String) -> Bool? {
        switch values[option] {
        case nil, .null?: return nil
        case .bool(let value)?: return value
        default:
            complain(option, "must be true or false")
            return nil
        }
    }

    mutating func integer(_ option: String, _ range: ClosedRange<Int64>) -> Int? {
        switch values[option] {
        case nil, .null?: return nil
        case .integer(let value)? where range.contains(value): return Int(value)
        default:
            complain(option, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
    }

    mutating func email(_ option: String) -> String? {
        guard let value = text(option) else { return nil }
        let parts = value.split(separator: "@", omittingEmptySubsequences: false)
        let plain = value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>,;:\"'\\()[]".utf8.contains($0) }
        guard plain, parts.count == 2, !parts[0].isEmpty, parts[1].contains("."), !parts[1].hasPrefix("."),
            !parts[1].hasSuffix(".")
        else {
            complain(option, "must be an e-mail address, such as indico@example.com")
            return nil
        }
        return value
    }

    mutating func repository(_ option: String) -> String? {
        guard let value = text(option) else { return nil }
        let schemes = ["https://", "http://", "ssh://", "git://", "file://"]
        // A word that starts with a dash would be an option to git.
        guard schemes.contains(where: { value.hasPrefix($0) }), !value.contains(" ") else {
            complain(option, "must be the URL of a Git repository, such as https://git.example.com/indico-custom.git")
            return nil
        }
        return value
    }

    mutating func timeZone(_ option: String) -> String? {
        guard let value = text(option) else { return nil }
        let plain = value.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "/_+-".utf8.contains(byte)
            }
        }
        guard plain else {
            complain(option, "must be the name of a time zone, such as Europe/Zurich")
            return nil
        }
        return value
    }

    mutating func locale(_ option: String) -> String? {
        guard let value = text(option) else { return nil }
        let plain = value.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            default: byte == UInt8(ascii: "_")
            }
        }
        guard plain, value.utf8.count >= 2 else {
            complain(option, "must be a language and a country, such as en_GB")
            return nil
        }
        return value
    }

    mutating func networks(_ option: String) -> [String] {
        guard let value = text(option) else { return [] }
        let networks = value.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
        for network in networks where !Self.isNetwork(network) {
            complain(option, "must list addresses or networks, such as 10.0.0.0/8, separated by commas")
            return []
        }
        return networks
    }

    private static func isNetwork(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = parts.first else { return false }
        let isV6 = address.contains(":")
        if parts.count == 2 {
            guard let bits = Int(parts[1]), (0...(isV6 ? 128 : 32)).contains(bits) else { return false }
        }
        if isV6 {
            return address.utf8.count >= 2
                && address.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                        UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"):
                        true
                    default: false
                    }
                }
        }
        let octets = address.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets.allSatisfy { UInt8($0) != nil }
    }
}
