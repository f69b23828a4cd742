// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import NIOCore
import PebbleAPI

/// Writes the files of a multipart request as they come in.
struct FileReceiver: Sendable {
    var operations: FileOperations
    var body: RequestBody
    var boundary: String
    /// Called before a file is written.
    var announce: @Sendable (_ path: String) -> Void = { _ in }

    /// Off the supervisor's loop, as the disk may take its time.
    @concurrent func run() async throws -> [FileResult] {
        var writing = FileWriting(operations: operations, announce: announce)
        defer { writing.discard() }
        var reader = MultipartReader(boundary: boundary)
        while let chunk = try await body.next() {
            let events: [MultipartReader.Event]
            do throws(MultipartReader.Problem) {
                events = try reader.take(chunk.readableBytesView)
            } catch {
                throw DaemonError(.invalid, "cannot read multipart body: \(error)")
            }
            for event in events { try writing.take(event) }
        }
        guard reader.isDone else {
            throw DaemonError(.invalid, "cannot read request metadata: multipart: NextPart: EOF")
        }
        return try writing.finish()
    }
}

/// The state of writing several files: which part is being read, and what became of those before.
private struct FileWriting {
    private enum Part {
        case none
        case metadata([UInt8])
        case file(path: String, AtomicFile?)
    }

    let operations: FileOperations
    let announce: @Sendable (_ path: String) -> Void
    private var part = Part.none
    private var request: FilesRequest?
    private var outcomes: [String: FileError?] = [:]

    init(operations: FileOperations, announce: @escaping @Sendable (_ path: String) -> Void) {
        self.operations = operations
        self.announce = announce
    }

    mutating func take(_ event: MultipartReader.Event) throws {
        switch event {
        case .partBegan(let name, let filename): try begin(name, filename ?? "")
        case .data(let bytes): try append(bytes)
        case .partEnded: try end()
        }
    }

    private mutating func begin(_ name: String, _ path: String) throws {
        guard let request else {
            guard name == "request" else {
                throw DaemonError(.invalid, "metadata field name must be \"request\", got \"\(name)\"")
            }
            part = .metadata([])
            return
        }
        guard name == "files" else { throw DaemonError(.invalid, "field name must be \"files\", got \"\(name)\"") }
        guard let item = request.files?.first(where: { $0.path == path }) else {
            throw DaemonError(.invalid, "no metadata for path \"\(path)\"")
        }
        announce(path)
        do {
            part = .file(path: path, try operations.beginWriting(item))
        } catch {
            outcomes[path] = .some(FileError.of(error))
            part = .file(path: path, nil)
        }
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) throws {
        switch part {
        case .none:
            break
        case .metadata(let before):
            guard before.count + bytes.count <= APILimits.metadataSize else {
                throw DaemonError(.invalid, "request metadata must be \(APILimits.metadataSize) bytes or less")
            }
            part = .metadata(before + bytes)
        case .file(let path, let file):
            guard var file else { return }
            do {
                try file.append(bytes)
            } catch {
                outcomes[path] = .some(FileError.of(error))
                file.discard()
                part = .file(path: path, nil)
            }
        }
    }

    private mutating func end() throws {
        switch part {
        case .none:
            break
        case .metadata(let bytes):
            let prefix = "cannot decode request metadata"
            let request = try JSONBody.decode(FilesRequest.self, from: bytes, prefix: prefix)
            guard request.action == "write" else {
                throw DaemonError(.invalid, "multipart action must be \"write\", got \"\(request.action)\"")
            }
            guard request.files?.isEmpty == false else {
                throw DaemonError(.invalid, "must specify one or more files")
            }
            self.request = request
        case .file(let path, let file):
            if var file {
                do {
                    try file.commit()
                    outcomes[path] = .some(nil)
                } catch {
                    file.discard()
                    outcomes[path] = .some(FileError.of(error))
                }
            }
        }
        part = .none
    }

    mutating func discard() {
        if case .file(_, let file) = part, var file { file.discard() }
        part = .none
    }

    func finish() throws -> [FileResult] {
        guard let request else { throw DaemonError(.invalid, "cannot read request metadata: EOF") }
        return (request.files ?? []).map { item in
            guard let outcome = outcomes[item.path] else {
                return FileResult(path: item.path, error: FileError("no file content for path \"\(item.path)\"").result)
            }
            return FileResult(path: item.path, error: outcome?.result)
        }
    }
}
