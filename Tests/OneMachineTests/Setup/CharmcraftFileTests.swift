// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

@Suite struct CharmcraftFileTests {
    private let text = """
        # SPDX-License-Identifier: Apache-2.0
        name: example
        title: Example
        type: charm
        base: ubuntu@24.04
        platforms:
          amd64:
        parts:
          charm:
            plugin: nil
        # Where it serves.
        containers:
          web: {}
        config:
          # First of all.
          options:
            greeting:
              type: string
              default: |
                hello

                world
        actions:
          backup:
            description: Saves.

        links:
          source: https://example.com
        """

    @Test func `the metadata keep what Juju reads and lose what packing reads`() {
        let metadata = CharmcraftFile(text: text).metadata
        #expect(metadata.contains("name: example\ndisplay-name: Example\n"))
        #expect(metadata.contains("# Where it serves.\ncontainers:\n  web: {}\n"))
        #expect(metadata.contains("links:\n  source: https://example.com\n"))
        for key in ["type: charm", "title:", "base:", "platforms:", "parts:", "config:", "actions:"] {
            #expect(!metadata.contains(key))
        }
    }

    @Test(arguments: ["metadata.yaml", "config.yaml", "actions.yaml"])
    func `what is unpacked on one machine is what is packed for Juju`(name: String) throws {
        let root = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }
        let text = try #require(try FileStore.text(root + "/charm/charmcraft.yaml"))
        let file = CharmcraftFile(text: text)
        let cut = ["metadata.yaml": file.metadata, "config.yaml": file.config, "actions.yaml": file.actions]
        let packed = try SetupCommand("/usr/bin/python3", [root + "/scripts/charm.py", "--print", name]).run()
        #expect(packed.succeeded, "\(packed.lastLines)")
        #expect(cut[name] == packed.standardOutput)
    }

    @Test func `the configuration starts at its options, blocks of text intact`() {
        #expect(
            CharmcraftFile(text: text).config == """
                # First of all.
                options:
                  greeting:
                    type: string
                    default: |
                      hello

                      world

                """
        )
    }

    @Test func `the actions start at the first action`() {
        #expect(CharmcraftFile(text: text).actions == "backup:\n  description: Saves.\n\n")
    }

    @Test func `a charm without options or actions has empty files`() {
        let file = CharmcraftFile(text: "name: x\n")
        #expect(file.config == "options: {}\n")
        #expect(file.actions == "{}\n")
    }
}
