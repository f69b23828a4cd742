// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import CharmTesting
import Testing

@Suite struct PgSQLTests {
    private let request = PgSQLRequest(database: "indico", extensions: ["unaccent:public", "pg_trgm:public"])

    private func read(_ databag: [String: String]) -> RelationReading<PostgreSQLDatabase> {
        PgSQL.read(request, egressSubnets: ["192.0.2.0"], RemoteDatabags(application: databag))
    }

    @Test(arguments: [(true, "p01-pgsql-leader"), (false, "p02-pgsql-nonleader")])
    func `it is asked for as recorded, the extensions too`(isLeader: Bool, name: String) throws {
        let step = try #require(try PlainRecording(name).steps.first)
        var world = World(isLeader: isLeader)
        world.relations = [RelationState("db", id: 1, remoteApplication: "postgresql")]
        let output = try reading(in: world) { try PgSQL.publish(request, "db", $0) }.1
        let relation = try #require(output.world.relations.first)
        #expect(relation.ownApplicationData == step.localApplicationData)
        for key in ["database", "extensions"] { #expect(relation.ownUnitData[key] == step.localUnitData?[key]) }
    }

    @Test func `each recorded step is read as it was then: not repeated, ready, moved, not let in`() throws {
        let steps = try PlainRecording("p01-pgsql-leader").steps
        let readings = steps.dropFirst().prefix(4).map { read($0.remoteApplicationData ?? [:]) }
        #expect(readings[0] == .waiting("the server to let us in"))
        let database = try #require(readings[1].value)
        #expect(database.uri() == "postgresql://relation-1:pgpass@10.1.1.5:5432/indico")
        #expect(readings[2].value?.endpoints.first?.host == "10.1.1.9")
        #expect(readings[3] == .waiting("the server to let us in"))
        #expect(read([:]) == .waiting("master"))
    }

    @Test func `quotes and escapes of libpq are understood`() {
        let databag = request.databag.merging([
            "allowed-subnets": "192.0.2.0", "master": #"host = h dbname='in dico' user=u password='a\'b\\ c' port=1"#,
        ]) { $1 }
        #expect(read(databag).value?.password == #"a'b\ c"#)
        #expect(read(databag).value?.database == "in dico")
    }

    @Test(arguments: [
        "host", "host='a", #"host=a\"#, "=a", "host=a dbname=b user=c", "host=a dbname=b user=c password=d port=x",
    ])
    func `a master that cannot be used is refused`(master: String) {
        let databag = request.databag.merging(["allowed-subnets": "192.0.2.0", "master": master]) { $1 }
        guard case .invalid(let reason) = read(databag) else {
            Issue.record("\(master) was read")
            return
        }
        #expect(reason.hasPrefix("master:"))
    }
}
