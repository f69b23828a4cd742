#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the modules in terraform/: format, what they say of the charm, and their tests.

    scripts/terraform.py --write        writes the endpoints of charm/charmcraft.yaml into the outputs first
    scripts/terraform.py                with Terraform alone, without the provider for Juju
    scripts/terraform.py --provider     with the provider, from the registry

Without the provider Terraform knows no `juju_application`. The tests run all the same, on a copy in which each resource of
the provider is a `terraform_data`, which Terraform brings along, with the same arguments as its input: variables,
conditions, references, modules and outputs are Terraform's own work then; the arguments' names are checked against ARGUMENTS.
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "terraform"
META = ("count", "for_each", "depends_on", "lifecycle", "provider")
# Of the provider's documentation, version 1; blocks are told by their arguments.
ARGUMENTS = {
    "juju_application": {"name", "model_uuid", "units", "config", "constraints", "resources", "storage_directives", "trust",
                         "charm"},
    "juju_application.charm": {"name", "channel", "revision", "base"},
    "juju_integration": {"model_uuid", "application"},
    "juju_integration.application": {"name", "endpoint", "offer_url"},
}


def fail(text):
    sys.exit(f"terraform: {text}")


def terraform(*words, directory=MODULES):
    result = subprocess.run(["terraform", *words], cwd=directory, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        fail(f"terraform {' '.join(words)} in {directory.name}:\n{result.stdout}")
    return result.stdout


def check_endpoints(write):
    """Each endpoint of the charm is an output, and nothing else is."""
    charm = (ROOT / "charm/charmcraft.yaml").read_text()
    path = MODULES / "charm/outputs.tf"
    outputs = path.read_text()
    for kind in ("requires", "provides"):
        section = re.search(rf"^{kind}:\n((?:(?:[ #].*)?\n)+)", charm, re.MULTILINE).group(1)
        endpoints = re.findall(r"^  ([a-z0-9-]+):", section, re.MULTILINE)
        width = max(map(len, endpoints))
        lines = "".join(f'    {endpoint.replace("-", "_"):{width}} = "{endpoint}"\n' for endpoint in endpoints)
        outputs = re.sub(rf'^(output "{kind}" \{{\n.*?  value = \{{\n).*?(?=^  \}})', lambda match: match.group(1) + lines,
                         outputs, flags=re.MULTILINE | re.DOTALL)
    if outputs != path.read_text():
        if not write:
            fail("the endpoints in charm/charmcraft.yaml are others now; scripts/terraform.py --write")
        path.write_text(outputs)
    if not re.search(r"^    site_url:$", charm, re.MULTILINE):
        fail("terraform/product/main.tf sets the option site_url, which the charm has not")


def blocks(body):
    """The nested blocks of a resource as (name, text), and the text without them."""
    found = re.findall(r"^  (\w+) \{\n(.*?)^  \}\n", body, re.MULTILINE | re.DOTALL)
    return found, re.sub(r"^  \w+ \{\n.*?^  \}\n", "", body, flags=re.MULTILINE | re.DOTALL)


def check_arguments(kind, body, place):
    unknown = set(re.findall(r"^ *(\w+) +=(?!=)", body, re.MULTILINE)) - ARGUMENTS[kind]
    if unknown:
        fail(f"{place}: {kind} has no {', '.join(sorted(unknown))}")


def as_data(match, place):
    """A resource of the provider as one of Terraform's own, with the same values."""
    kind, name, body = match.groups()
    nested, plain = blocks(body)
    meta = "".join(re.findall(rf"^  (?:{'|'.join(META)}) *=.*\n", plain, re.MULTILINE))
    plain = re.sub(rf"^  (?:{'|'.join(META)}) *=.*\n", "", plain, flags=re.MULTILINE)
    check_arguments(kind, re.sub(r"^    .*\n", "", plain, flags=re.MULTILINE), f"{place}: {name}")
    text = f'resource "terraform_data" "{kind}_{name}" {{\n{meta}  input = {{\n{plain}'
    for number, (block, inside) in enumerate(nested):
        if block not in ARGUMENTS[kind]:
            fail(f"{place}: {kind} has no block {block}")
        check_arguments(f"{kind}.{block}", inside, f"{place}: {name}")
        text += f"  {block}_{number} = {{\n{inside}  }}\n"
    return text + "  }\n}\n"


def without_provider(text, place):
    text = re.sub(r"  required_providers \{\n.*?^  \}\n", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r'^mock_provider .*\n', "", text, flags=re.MULTILINE)
    text = re.sub(r'^resource "(juju_\w+)" "(\w+)" \{\n(.*?)^\}\n', lambda match: as_data(match, place), text,
                  flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\b(juju_[a-z]+)\.(\w+)((?:\[[0-9*]+\])?)\.(\w+)", r"terraform_data.\1_\2\3.input.\4", text)
    if re.search(r"(?<!terraform_data\.)\bjuju_\w+\.", text):
        fail(f"{place}: this script does not understand all of it")
    return text


def main():
    if shutil.which("terraform") is None:
        fail("there is no terraform here; any of 1.6 or newer does")
    check_endpoints("--write" in sys.argv[1:])
    terraform("fmt", "-check", "-recursive", "-diff")
    provider = "--provider" in sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="terraform-") as place:
        copy = Path(place) / "terraform"
        shutil.copytree(MODULES, copy, ignore=shutil.ignore_patterns(".terraform*"))
        if not provider:
            for path in [*copy.rglob("*.tf"), *copy.rglob("*.tftest.hcl")]:
                path.write_text(without_provider(path.read_text(), path.relative_to(place)))
        for module in sorted(path.parent for path in copy.glob("*/main.tf")):
            terraform("init", "-input=false", "-no-color", directory=module)
            terraform("validate", "-no-color", directory=module)
            told = terraform("test", "-no-color", directory=module)
            print(f"terraform/{module.name}: {told.strip().splitlines()[-1]}")
    print("terraform: formatted, valid, " + ("with the provider" if provider else "without the provider"))


if __name__ == "__main__":
    main()
