# SPDX-License-Identifier: Apache-2.0
"""The bill of materials of an image's root; see scripts/sbom.sh, which runs this with the tools it needs.

Three kinds of parts: Debian's packages, by dpkg's list, with the licences their copyright files name; Python's packages,
by cyclonedx-py; and our own programs with the Swift packages that are linked into them, by Package.resolved.
"""
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from debian.copyright import Copyright, MachineReadableFormatError, NotMachineReadableError
from debian.deb822 import Deb822
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parent.parent
OURS = ["pebble", "indico-operator", "hook-tool", "statsd-exporter", "celery-exporter"]


def debian_licences(root, package):
    """The licences a package's copyright file names; those that are no list for machines are read for known titles."""
    path = root / "usr/share/doc" / package / "copyright"
    target = path
    for _ in range(5):
        if not target.is_symlink():
            break
        link = target.readlink()
        target = root / str(link).lstrip("/") if link.is_absolute() else target.parent / link
    # A package's whole directory may be a link to that of another.
    directory = root / "usr/share/doc" / package
    if directory.is_symlink():
        target = directory.parent / directory.readlink() / "copyright"
    if not target.is_file():
        return []
    text = target.read_text(encoding="utf-8", errors="replace")
    try:
        copyright = Copyright(text.splitlines(keepends=True), strict=False)
        names = {p.license.synopsis.strip() for p in copyright.all_paragraphs()
                 if getattr(p, "license", None) is not None and p.license.synopsis.strip()}
        if names:
            return sorted(names)
    except (NotMachineReadableError, MachineReadableFormatError, ValueError):
        pass
    return sorted(set(re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9+])", text)))


def debian_parts(root):
    status = root / "var/lib/dpkg/status"
    with status.open(encoding="utf-8") as file:
        for entry in Deb822.iter_paragraphs(file):
            if not entry.get("Status", "").endswith(" installed"):
                continue
            name, version = entry["Package"], entry["Version"]
            yield Component(
                type=ComponentType.LIBRARY, name=name, version=version,
                purl=PackageURL("deb", "debian", name, version, {"arch": entry["Architecture"], "distro": "debian-12"}),
                bom_ref=f"deb:{name}:{entry['Architecture']}",
                licenses=[DisjunctiveLicense(name=licence) for licence in debian_licences(root, name)])


def python_parts(root):
    python = root / "opt/indico/bin/python"
    if not python.is_symlink() and not python.exists():
        return []
    modules = next((root / "opt/indico/lib").glob("python3.*/site-packages"))
    # The image's interpreter is not there for us to start; its packages are told by another of the same kind.
    tool = Path(sys.executable).parent / "cyclonedx-py"
    text = subprocess.run([tool, "environment", "--output-format", "JSON", "--spec-version", "1.6", "--output-file", "-",
                           python_of(modules)], check=True, stdout=subprocess.PIPE).stdout
    return Bom.from_json(json.loads(text)).components


def python_of(modules):
    """A program that stands for the image's Python: it says that its packages are those of the image."""
    path = ROOT / ".build/sbom/image-python"
    path.write_text(f"#!/bin/sh\nexec /usr/bin/python3 -S -c \"import sys, json; "
                    f"print(json.dumps(['{modules}']))\"\n")
    path.chmod(0o755)
    return path


def own_parts(root, version):
    programs = [name for name in OURS if (root / "usr/bin" / name).exists()]
    if (root / "var/lib/juju/charm/dispatch").exists():
        programs.append("indico-charm")
    for name in programs:
        yield Component(type=ComponentType.APPLICATION, name=name, version=version, bom_ref=f"program:{name}",
                        licenses=[LicenseExpression("Apache-2.0")])
    if not programs:
        return
    for pin in json.loads((ROOT / "Package.resolved").read_text())["pins"]:
        pinned = pin["state"].get("version", pin["state"]["revision"])
        yield Component(type=ComponentType.LIBRARY, name=pin["identity"], version=pinned,
                        purl=PackageURL("swift", "github.com/apple", pin["identity"], pinned),
                        bom_ref=f"swift:{pin['identity']}", licenses=[LicenseExpression("Apache-2.0")])


def licence_names(component):
    names = [getattr(l, "value", None) or getattr(l, "id", None) or getattr(l, "name", None) for l in component.licenses]
    # Some packages carry the text of the licence as its name.
    return sorted({name.strip().split("\n")[0][:70] for name in names if name})


def main():
    root, name, version, out = Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])
    # That the image is made of its parts is all that is said of how they hang together.
    warnings.simplefilter("ignore", UserWarning)
    bom = Bom()
    bom.metadata.component = Component(type=ComponentType.CONTAINER, name=name, version=version, bom_ref="image")
    for part in [*debian_parts(root), *python_parts(root), *own_parts(root, version)]:
        bom.components.add(part)
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem:
        sys.exit(f"sbom: {name} is not valid CycloneDX: {problem}")
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.cdx.json").write_text(text + "\n")
    lines = [f"{part.name} {part.version}: {', '.join(licence_names(part)) or 'see its copyright file'}"
             for part in sorted(bom.components, key=lambda part: (part.name, part.version or ""))]
    (out / f"{name}.licences.txt").write_text("\n".join(lines) + "\n")
    unknown = sum("see its copyright file" in line for line in lines)
    print(f"   {len(lines)} parts, {len(lines) - unknown} with their licences by name")


main()
