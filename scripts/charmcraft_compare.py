# SPDX-License-Identifier: Apache-2.0
"""Compares what charmcraft would write into an archive with what scripts/charm.py writes; run by scripts/charmcraft.sh."""
import subprocess
import sys

import yaml
from charmcraft.models.metadata import CharmMetadata
from charmcraft.models.project import PlatformCharm

charm = PlatformCharm.unmarshal(yaml.safe_load(open("charm/charmcraft.yaml")))
theirs = {
    "metadata.yaml": CharmMetadata.from_charm(charm).marshal(),
    "config.yaml": charm.marshal()["config"],
    "actions.yaml": charm.marshal()["actions"],
}
for name, wanted in theirs.items():
    ours = yaml.safe_load(subprocess.check_output(["scripts/charm.py", "--print", name]))
    if ours != wanted:
        sys.exit(f"{name}: charmcraft would write {wanted}, and we write {ours}")
print(f"charmcraft takes charm/charmcraft.yaml, and would write the same {', '.join(theirs)}")
