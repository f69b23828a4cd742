// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PebbleAPI

/// The push request of Grafana Loki, in JSON: a stream for each service.
enum LokiFormat {
    static let contentType = "application/json; charset=utf-8"

    static func body(_ batch: LogBatch) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.key("streams")
            json.array { json in
                for (service, entries) in batch.byService { write(service, entries, batch, to: &json) }
            }
        }
        return json.buffer
    }

    private static func write(_ service: String, _ entries: [LogEntry], _ batch: LogBatch, to json: inout JSONWriter) {
        json.object { json in
            json.key("stream")
            json.object { json in
                for label in batch.labels(of: service) {
                    json.key(label.name)
                    json.string(label.value)
                }
                json.key("pebble_service")
                json.string(service)
            }
            json.key("values")
            json.array { json in
                for entry in entries {
                    json.array { json in
                        json.string(entry.time.nanosecondsText)
                        json.string(entry.text)
                    }
                }
            }
        }
    }
}

/// The export request of OpenTelemetry over HTTP, in JSON: a resource for each service.
enum OpenTelemetryFormat {
    static let path = "/v1/logs"
    /// Without a charset: collectors look at the whole of it.
    static let contentType = "application/json"

    static func body(_ batch: LogBatch) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.key("resourceLogs")
            json.array { json in
                for (service, entries) in batch.byService {
                    json.object { json in
                        json.key("resource")
                        json.object { writeAttributes(of: service, batch, to: &$0) }
                        json.key("scopeLogs")
                        json.array { json in json.object { writeScope(entries, to: &$0) } }
                    }
                }
            }
        }
        return json.buffer
    }

    private static func writeAttributes(of service: String, _ batch: LogBatch, to json: inout JSONWriter) {
        json.key("attributes")
        json.array { json in
            for label in [(name: "service.name", value: service)] + batch.labels(of: service) {
                json.object { json in
                    json.key("key")
                    json.string(label.name)
                    json.key("value")
                    json.object { writeText(Array(label.value.utf8)[...], to: &$0) }
                }
            }
        }
    }

    private static func writeScope(_ entries: [LogEntry], to json: inout JSONWriter) {
        json.key("scope")
        json.object { json in
            json.key("name")
            json.string("pebble")
        }
        json.key("logRecords")
        json.array { json in
            for entry in entries {
                json.object { json in
                    json.key("timeUnixNano")
                    json.string(entry.time.nanosecondsText)
                    json.key("body")
                    json.object { writeText(entry.text, to: &$0) }
                }
            }
        }
    }

    private static func writeText(_ text: ArraySlice<UInt8>, to json: inout JSONWriter) {
        json.key("stringValue")
        json.string(text)
    }
}

/// A message of syslog as RFC 5424 has it.
enum SyslogFormat {
    /// User-level and a notice: nothing more is known of what a service writes.
    private static let priority = 13
    /// Canonical's number among the enterprises, by which readers know the element.
    private static let element = "pebble@28978"
    private static let longestDatagram = 4000

    /// One message, whole.
    static func message(_ entry: LogEntry, labels: [(name: String, value: String)], host: String) -> [UInt8] {
        let time = entry.time.text(fractionDigits: 6)
        var head = "<\(priority)>1 \(time) \(header(host)) \(header(entry.service)) - - [\(element)"
        for label in labels { head += " \(parameter(label.name))=\"\(escaped(label.value))\"" }
        return Array("\(head)] ".utf8) + entry.text
    }

    /// Cut to what a datagram carries, with a mark at the end.
    static func datagram(_ message: [UInt8]) -> [UInt8] {
        guard message.count > longestDatagram else { return message }
        return message.prefix(longestDatagram - 3) + Array("...".utf8)
    }

    /// With its length in front, by which a stream is divided.
    static func frame(_ message: [UInt8]) -> [UInt8] { Array("\(message.count) ".utf8) + message }

    /// A field of the header: printable, no blanks, and a hyphen when there is nothing.
    private static func header(_ text: String) -> String {
        let scalars = text.unicodeScalars.filter { $0.value > 32 && $0.value < 127 }
        return scalars.isEmpty ? "-" : String(String.UnicodeScalarView(scalars))
    }

    private static func parameter(_ name: String) -> String {
        header(name.filter { $0 != "=" && $0 != "]" && $0 != "\"" })
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            if scalar == "\"" || scalar == "\\" || scalar == "]" { text += "\\" }
            text.unicodeScalars.append(scalar)
        }
        return text
    }
}
