#!/usr/bin/env python3
"""Prints what groundplan is built from: an SBOM (CycloneDX 1.6) or the licences of all dependencies.

Usage: packaging/dependencies.py sbom|licences --target TRIPLE

The same Cargo.lock and SOURCE_DATE_EPOCH give the same bytes. Needs Python 3.11 and cargo; contacts nobody if the sources of
the dependencies are already in cargo's registry folder, as after a build.
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|unlicense|copyright)", re.IGNORECASE)


def read_packages(target):
    """Returns the root, all packages that it is built from, by id, and the ids that each one depends on."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    edges, open_ids = {}, [root]
    while open_ids:
        current = open_ids.pop()
        if current in edges:
            continue
        # Packages that only tests and benchmarks use are not part of the program.
        edges[current] = sorted(
            dependency["pkg"]
            for dependency in nodes[current]["deps"]
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"])
        )
        open_ids.extend(edges[current])
    return packages[root], {name: packages[name] for name in edges}, edges


def reference(package):
    """Returns the package URL."""
    return f"pkg:cargo/{package['name']}@{package['version']}"


def expression(package):
    """Returns the SPDX expression; older packages separate alternatives by a slash."""
    return re.sub(r"\s*/\s*", " OR ", package["license"])


def component(package, checksums, kind="library"):
    """Returns the entry of a package."""
    entry = {
        "type": kind,
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
        "licenses": [{"expression": expression(package)}],
        "purl": reference(package),
    }
    if package["description"]:
        entry["description"] = " ".join(package["description"].split())
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        entry["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return entry


def print_sbom(root, packages, edges):
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {
        (package["name"], package["version"]): package["checksum"]
        for package in lock["package"]
        if "checksum" in package
    }
    others = sorted((package for package in packages.values() if package is not root), key=reference)
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    time = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": component(root, checksums, "application"),
        },
        "components": [component(package, checksums) for package in others],
        "dependencies": sorted(
            (
                {"ref": reference(packages[name]), "dependsOn": sorted(reference(packages[one]) for one in needed)}
                for name, needed in edges.items()
            ),
            key=lambda entry: entry["ref"],
        ),
    }
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).digest()
    document["serialNumber"] = uuid.UUID(bytes=digest[:16], version=4).urn
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    print()


def licence_texts(package):
    """Returns the texts of the licence files in the sources of a package."""
    folder = pathlib.Path(package["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if path.is_file() and LICENCE_FILE.match(path.name))
    return [path.read_text(errors="replace").strip().replace("\r\n", "\n") for path in files]


def print_licences(root, packages, _edges):
    owners, silent = {}, []
    others = sorted((package for package in packages.values() if package is not root), key=reference)
    print("The program groundplan contains code of these packages, and is built with them.\n")
    for package in others:
        print(f"{package['name']} {package['version']}: {expression(package)}")
        texts = licence_texts(package)
        for text in texts:
            owners.setdefault(text, []).append(f"{package['name']} {package['version']}")
        if not texts:
            silent.append(package)
    if silent:
        print("\nThese packages contain no licence text; their authors and sources are:\n")
    for package in silent:
        authors = ", ".join(package["authors"]) or "authors of the repository"
        print(f"{package['name']} {package['version']}: {expression(package)}, {authors}, {package['repository']}")
    print("\nSQLite is in the public domain (https://sqlite.org/copyright.html).")
    for text, names in sorted(owners.items(), key=lambda entry: entry[1]):
        print(f"\n{'=' * 80}\nLicence of {', '.join(names)}\n{'=' * 80}\n\n{text}")


def main():
    parser = argparse.ArgumentParser(description="Lists the dependencies of groundplan.")
    parser.add_argument("document", choices=["sbom", "licences"])
    parser.add_argument("--target", required=True, help="target of the build, such as x86_64-unknown-linux-gnu")
    arguments = parser.parse_args()
    print_document = print_sbom if arguments.document == "sbom" else print_licences
    print_document(*read_packages(arguments.target))


if __name__ == "__main__":
    main()
