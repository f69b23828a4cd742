// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import CharmTesting
import Testing

@Suite struct S3Tests {
    private var bucket: S3Bucket {
        S3Bucket(
            name: "indico-bucket",
            accessKey: "AKIAEXAMPLE",
            secretKey: "wJalrXUtnFEMI",
            endpoint: WebURL("https://s3.example.com"),
            region: "eu-west-1",
            path: "indico",
            addressing: .path,
            certificateChain: ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"]
        )
    }

    @Test func `the recorded provider is read, with region, style and certificates`() throws {
        let recording = try Recording("09-s3-leader")
        let changed = try #require(recording.steps.firstIndex { $0.event.hasPrefix("relation-changed") })
        let result = try reading(in: recording.world(atStep: changed)) { try S3.read("s3", $0) }.0
        #expect(result == .ready(bucket))
    }

    @Test func `a bucket is asked for by the application's name, and never another than before`() throws {
        var world = World(isLeader: true)
        world.relations = [RelationState("s3", id: 5, remoteApplication: "s3-integrator")]
        let asked = try reading(in: world) { try S3.request(bucket: "indico", "s3", $0) }.1.world
        #expect(asked.relations.first?.ownApplicationData == ["bucket": "indico"])
        world.relations = [
            RelationState(
                "s3",
                id: 5,
                remoteApplication: "s3-integrator",
                ownApplicationData: ["bucket": "relation-5"]
            )
        ]
        let kept = try reading(in: world) { try S3.request(bucket: "indico", "s3", $0) }.1.world
        #expect(kept.relations.first?.ownApplicationData == ["bucket": "relation-5"])
    }

    @Test(arguments: ["access-key", "secret-key", "bucket"])
    func `a provider that has not finished is waited for by name`(key: String) {
        var databag = S3Provider(bucket).applicationDatabag
        databag[key] = nil
        #expect(S3.read(RemoteDatabags(application: databag)) == .waiting(key))
    }

    @Test(arguments: [
        ("endpoint", "s3.example.com"), ("endpoint", "https://u:p@s3"), ("s3-uri-style", "both"),
        ("tls-ca-chain", "-----BEGIN"), ("access-key", "a b"), ("bucket", "a\nb"),
    ])
    func `a value that cannot be used is refused with its key`(key: String, value: String) {
        let databag = S3Provider(bucket).applicationDatabag.merging([key: value]) { $1 }
        guard case .invalid(let reason) = S3.read(RemoteDatabags(application: databag)) else {
            Issue.record("\(key)=\(value) was read")
            return
        }
        #expect(reason.hasPrefix("\(key):"))
        #expect(!reason.contains(value), "a secret might be in it")
    }

    @Test func `what our provider half writes our requirer half reads`() {
        for addressing in S3Bucket.Addressing.allCases {
            var bucket = bucket
            bucket.addressing = addressing
            #expect(S3.read(RemoteDatabags(application: S3Provider(bucket).applicationDatabag)) == .ready(bucket))
        }
        let plain = S3Bucket(name: "b", accessKey: "a", secretKey: "s")
        #expect(S3.read(RemoteDatabags(application: S3Provider(plain).applicationDatabag)) == .ready(plain))
    }
}
