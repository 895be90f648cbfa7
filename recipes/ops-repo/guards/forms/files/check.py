#!/usr/bin/env python3
"""Checks that evidence, actions, approvals, notes and policy keep their forms. Needs Python 3.11, and nothing else.

Prints every fault as `file: what is wrong` and ends with 1 when there is one.
"""

import datetime
import hashlib
import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)
NOTE_PARTS = ["What", "Why", "Human action", "Factory will then", "Unblocks"]
TYPES = {"object": dict, "array": list, "string": str, "number": (int, float)}
SAYS_NOTHING = {"$schema", "title", "description", "if", "then"}


def faults(schema, value, at=""):
    """What is wrong with a value by the part of JSON Schema that schemas/ uses; any other keyword is an error."""
    for keyword, rule in schema.items():
        match keyword:
            case "type":
                is_it = isinstance(value, TYPES[rule]) and not isinstance(value, bool)
                if not is_it:
                    yield f"{at or 'the whole'} must be of the type {rule}"
                    return
            case "enum" if value not in rule:
                yield f"{at} must be one of {', '.join(map(str, rule))}, and is {value!r}"
            case "const" if value != rule:
                yield f"{at} must be {rule!r}"
            case "pattern" if isinstance(value, str) and not re.search(rule, value):
                yield f"{at} is {value!r}, which does not match {rule}"
            case "minLength" if isinstance(value, str) and len(value) < rule:
                yield f"{at} must not be empty"
            case "minItems" if isinstance(value, list) and len(value) < rule:
                yield f"{at} needs at least {rule} entry"
            case "required":
                yield from (f"{at}/{name} is missing" for name in rule if name not in value)
            case "properties":
                for name in rule.keys() & value.keys():
                    yield from faults(rule[name], value[name], f"{at}/{name}")
            case "additionalProperties":
                for name in value.keys() - schema.get("properties", {}).keys():
                    if rule is False:
                        yield f"{at}/{name} is not a known field"
                    else:
                        yield from faults(rule, value[name], f"{at}/{name}")
            case "propertyNames":
                for name in value:
                    yield from faults(rule, name, f"the name {at}/{name}")
            case "items":
                for number, item in enumerate(value):
                    yield from faults(rule, item, f"{at}/{number}")
            case "not" if not any(faults(rule, value, at)):
                yield f"{at} must not match {json.dumps(rule)}"
            case "allOf":
                for part in rule:
                    if not any(faults(part.get("if", {}), value, at)):
                        yield from faults(part.get("then", part), value, at)
            case "enum" | "const" | "pattern" | "minLength" | "minItems" | "not":
                pass
            case _ if keyword not in SAYS_NOTHING:
                raise SystemExit(f"schemas: the keyword {keyword} is not known to {__file__}")


def once(pairs):
    """An object whose keys are all different: of two, another program might read the other one."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands there twice")
    return dict(pairs)


def document(file, schema):
    """A document and what is wrong with it."""
    rules = json.loads((ROOT / "schemas" / f"{schema}.schema.json").read_text("utf-8"))
    try:
        text = file.read_text("utf-8")
        is_toml = file.suffix == ".toml"
        value = tomllib.loads(text) if is_toml else json.loads(text, object_pairs_hook=once)
    except (ValueError, OSError) as error:
        return None, [f"cannot be read: {error}"]
    found = list(faults(rules, value))
    return (None if found else value), found


def day_fault(day):
    try:
        datetime.date.fromisoformat(day)
    except ValueError:
        yield f"{day} is no day"


def evidence(file):
    value, found = document(file, "evidence")
    yield from found
    if value:
        yield from day_fault(value["date"])
        if value["date"] != file.stem:
            yield f"/date is {value['date']}, and the file is called {file.stem}"
        if value["kind"] != file.parent.name:
            yield f"/kind is {value['kind']}, and the folder is called {file.parent.name}"


def action(file):
    value, found = document(file, "action")
    yield from found
    if value:
        yield from day_fault(value["filed_on"])
        if value["id"] != file.stem:
            yield f"/id is {value['id']}, and the file is called {file.stem}"


def approval(file):
    value, found = document(file, "approval")
    yield from found
    if not value:
        return
    yield from day_fault(value["approved_on"])
    if value["action"] != file.stem:
        yield f"/action is {value['action']}, and the file is called {file.stem}"
    places = [ROOT / "vault" / place / file.name for place in ("actions", "fired", "rejected")]
    approved = next((place for place in places if place.is_file()), None)
    if approved is None:
        yield "there is no such action"
        return
    if hashlib.sha256(approved.read_bytes()).hexdigest() != value["action_sha256"]:
        yield "the action is not the one that was approved: it has changed since"
    filed, _ = document(approved, "action")
    if filed and filed["filed_by"] == value["approved_by"]:
        yield "who filed an action cannot approve it"


def note(file):
    text = file.read_text("utf-8")
    headings = re.findall(r"^(#{1,2}) (.+?) *$", text, re.MULTILINE)
    if not headings or headings[0][0] != "#":
        yield "the first heading must be the title, as in `# Give the deployer access`"
    parts = [name for level, name in headings if level == "##"]
    if parts != NOTE_PARTS:
        yield f"the parts must be {', '.join(NOTE_PARTS)}, and are {', '.join(parts) or 'none'}"
    elif not re.search(r"[Ww]aiting since \d{4}-\d{2}-\d{2}", text):
        yield "Why must say `Waiting since YYYY-MM-DD`"


def prerequisites(file):
    sections = re.split(r"^## Objective: ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]
    for section in sections:
        title = section.splitlines()[0]
        status = re.findall(r"^Status: (.+?) *$", section, re.MULTILINE)
        if len(status) != 1 or status[0] not in ("DONE", "BLOCKED", "READY", "IN PROGRESS"):
            yield f"`{title}` needs one line `Status: DONE`, `BLOCKED`, `READY` or `IN PROGRESS`"
        elif status[0] == "DONE" and "- [ ]" in section:
            yield f"`{title}` is DONE and has an open box"
        for name in re.findall(r"vault/pending/[a-z0-9-]+\.md", section):
            if "- [ ]" in section and not (ROOT / name).is_file():
                yield f"`{title}` waits for {name}, which is not there"


def policy(file):
    yield from document(file, "policy")[1]


def wrong_name(file):
    yield "does not belong here: evidence is evidence/<kind>/YYYY-MM-DD.json"


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
            for fault in check(file)(file):
                count += 1
                print(f"{file.relative_to(ROOT)}: {fault}")
    print(f"{count} faults" if count else "all forms are kept")
    return min(count, 1)


if __name__ == "__main__":
    sys.exit(main())
