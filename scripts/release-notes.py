#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the section of CHANGELOG.md for a version, or what is unreleased where it has none: scripts/release-notes.py 1.2.3"""
import re
import sys
from pathlib import Path

version = re.split(r"[-+]", sys.argv[1])[0]
text = (Path(__file__).resolve().parent.parent / "CHANGELOG.md").read_text()
sections = dict(re.findall(r"^## \[?([^\]\n ]+)\]?[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
exact = version == sys.argv[1]
if exact and version not in sections:
    sys.exit(f"CHANGELOG.md has no section for {version}; a release has one")
body = sections.get(version, sections.get("Unreleased", "")).strip()
if not body:
    sys.exit("CHANGELOG.md has nothing to say of this version")
print(f"# Indico Operator {sys.argv[1]}\n\n{body}")
