#!/usr/bin/env python3
"""Checks the format of evidence, actions, approvals, notes and the policy. Requires Python 3.11, no packages.

Prints each error as `file: message`. Exits with 1 if there are errors, 0 otherwise.
"""

import datetime
import hashlib
import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)
NOTE_SECTIONS = ["What", "Why", "Human action", "Factory will then", "Unblocks"]
TYPES = {"object": dict, "array": list, "string": str, "number": (int, float)}
ANNOTATIONS = {"$schema", "title", "description", "if", "then"}


def schema_errors(schema, value, at=""):
    """Yields the errors of a value. Supports the JSON Schema keywords used in schemas/; others end the program."""
    for keyword, rule in schema.items():
        match keyword:
            case "type":
                if not isinstance(value, TYPES[rule]) or isinstance(value, bool):
                    yield f"{at or 'the document'} must be of type {rule}"
                    return
            case "enum" if value not in rule:
                yield f"{at} must be one of {', '.join(map(str, rule))}, but is {value!r}"
            case "const" if value != rule:
                yield f"{at} must be {rule!r}"
            case "pattern" if isinstance(value, str) and not re.search(rule, value):
                yield f"{at} is {value!r}, which does not match {rule}"
            case "minLength" if isinstance(value, str) and len(value) < rule:
                yield f"{at} must not be empty"
            case "minItems" if isinstance(value, list) and len(value) < rule:
                yield f"{at} must have at least {rule} entry"
            case "required":
                yield from (f"{at}/{name} is missing" for name in rule if name not in value)
            case "properties":
                for name in rule.keys() & value.keys():
                    yield from schema_errors(rule[name], value[name], f"{at}/{name}")
            case "additionalProperties":
                for name in value.keys() - schema.get("properties", {}).keys():
                    if rule is False:
                        yield f"{at}/{name} is an unknown field"
                    else:
                        yield from schema_errors(rule, value[name], f"{at}/{name}")
            case "propertyNames":
                for name in value:
                    yield from schema_errors(rule, name, f"the name {at}/{name}")
            case "items":
                for number, item in enumerate(value):
                    yield from schema_errors(rule, item, f"{at}/{number}")
            case "not" if not any(schema_errors(rule, value, at)):
                yield f"{at} must not match {json.dumps(rule)}"
            case "allOf":
                for part in rule:
                    if not any(schema_errors(part.get("if", {}), value, at)):
                        yield from schema_errors(part.get("then", part), value, at)
            case "enum" | "const" | "pattern" | "minLength" | "minItems" | "not":
                pass
            case _ if keyword not in ANNOTATIONS:
                raise SystemExit(f"schemas: {__file__} does not support the keyword {keyword}")


def unique_keys(pairs):
    """Refuses duplicate keys, because programs differ in which of the values they read."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("duplicate key")
    return dict(pairs)


def read_document(file, schema):
    """Reads a document and checks it against a schema. Returns (value or None, errors)."""
    rules = json.loads((ROOT / "schemas" / f"{schema}.schema.json").read_text("utf-8"))
    try:
        text = file.read_text("utf-8")
        is_toml = file.suffix == ".toml"
        value = tomllib.loads(text) if is_toml else json.loads(text, object_pairs_hook=unique_keys)
    except (ValueError, OSError) as error:
        return None, [f"cannot be read: {error}"]
    errors = list(schema_errors(rules, value))
    return (None if errors else value), errors


def date_errors(day):
    try:
        datetime.date.fromisoformat(day)
    except ValueError:
        yield f"{day} is not a valid date"


def evidence(file):
    value, errors = read_document(file, "evidence")
    yield from errors
    if value:
        yield from date_errors(value["date"])
        if value["date"] != file.stem:
            yield f"/date is {value['date']}, but the file name is {file.stem}"
        if value["kind"] != file.parent.name:
            yield f"/kind is {value['kind']}, but the folder name is {file.parent.name}"


def action(file):
    value, errors = read_document(file, "action")
    yield from errors
    if value:
        yield from date_errors(value["filed_on"])
        if value["id"] != file.stem:
            yield f"/id is {value['id']}, but the file name is {file.stem}"


def approval(file):
    value, errors = read_document(file, "approval")
    yield from errors
    if not value:
        return
    yield from date_errors(value["approved_on"])
    if value["action"] != file.stem:
        yield f"/action is {value['action']}, but the file name is {file.stem}"
    candidates = [ROOT / "vault" / folder / file.name for folder in ("actions", "fired", "rejected")]
    approved = next((path for path in candidates if path.is_file()), None)
    if approved is None:
        yield f"the action {value['action']} does not exist"
        return
    if hashlib.sha256(approved.read_bytes()).hexdigest() != value["action_sha256"]:
        yield "the action has changed since it was approved"
    filed, _ = read_document(approved, "action")
    if filed and filed["filed_by"] == value["approved_by"]:
        yield "the person who filed an action cannot approve it"


def note(file):
    text = file.read_text("utf-8")
    headings = re.findall(r"^(#{1,2}) (.+?) *$", text, re.MULTILINE)
    if not headings or headings[0][0] != "#":
        yield "the first heading must be the title, as in `# Give the deployer access`"
    sections = [name for level, name in headings if level == "##"]
    if sections != NOTE_SECTIONS:
        yield f"the sections must be {', '.join(NOTE_SECTIONS)}, but are {', '.join(sections) or 'missing'}"
    elif not re.search(r"[Ww]aiting since \d{4}-\d{2}-\d{2}", text):
        yield "the section Why must contain `Waiting since YYYY-MM-DD`"


def prerequisites(file):
    sections = re.split(r"^## Objective: ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]
    for section in sections:
        title = section.splitlines()[0]
        status = re.findall(r"^Status: (.+?) *$", section, re.MULTILINE)
        if len(status) != 1 or status[0] not in ("DONE", "BLOCKED", "READY", "IN PROGRESS"):
            yield f"`{title}` must have one line `Status: DONE`, `BLOCKED`, `READY` or `IN PROGRESS`"
        elif status[0] == "DONE" and "- [ ]" in section:
            yield f"`{title}` is DONE but has an open box"
        for name in re.findall(r"vault/pending/[a-z0-9-]+\.md", section):
            if "- [ ]" in section and not (ROOT / name).is_file():
                yield f"`{title}` waits for {name}, which does not exist"


def policy(file):
    yield from read_document(file, "policy")[1]


def wrong_name(file):
    yield "unexpected file: evidence must be in evidence/<kind>/YYYY-MM-DD.json"


CHECKS = [
    ("evidence/*/*", lambda file: evidence if file.suffix == ".json" else wrong_name),
    ("vault/actions/*.json", lambda _: action),
    ("vault/fired/*.json", lambda _: action),
    ("vault/rejected/*.json", lambda _: action),
    ("vault/approved/*.json", lambda _: approval),
    ("vault/pending/*.md", lambda _: note),
    ("vault/policy.toml", lambda _: policy),
    ("prerequisites.md", lambda _: prerequisites),
]


def main():
    count = 0
    for pattern, check in CHECKS:
        for file in sorted(ROOT.glob(pattern)):
            if file.name in (".gitkeep", "README.md"):
                continue
            for error in check(file)(file):
                count += 1
                print(f"{file.relative_to(ROOT)}: {error}")
    print(f"errors: {count}" if count else "all files are valid")
    return min(count, 1)


if __name__ == "__main__":
    sys.exit(main())
