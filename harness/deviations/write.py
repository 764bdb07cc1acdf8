"""The files of known deviations, written: entries from rules, and stale ones taken out. What people wrote stays."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

import msgspec
from packaging.version import InvalidVersion, Version

from harness.deviations.entry import Entry, read, version_alone
from harness.errors import ConvarithError
from harness.rules.rule import Rule

_HEAD = re.compile(r"(?m)^\[\[entry\]\][ \t]*(?:#.*)?$")


def of_one_predicate(rules: Iterable[Rule]) -> list[list[Rule]]:
    """Rules that say of the same layers in the same places what happens: several statuses may."""
    found: dict[tuple[object, ...], list[Rule]] = {}
    for rule in rules:
        place = rule.framework, rule.predicate, rule.routes, rule.modes, rule.switches, rule.aspects
        found.setdefault(place, []).append(rule)
    return list(found.values())


def from_rules(rules: Sequence[Rule], *, grid: str, version: str, date: datetime.date, taken: Collection[str]) -> Entry:
    """The entry of rules about the same layers, without a reason, which is for a person to give.

    Parameters
    ----------
    rules : sequence of Rule
        At least one; what they say happens are the entry's statuses.
    grid : str
        Of the run that it is of.
    version : str
        Of the framework: the entry holds from there on. Empty, if it is not known.
    date : date
    taken : collection of str
        Names that there are already.
    """
    rule, statuses = rules[0], tuple(one.status for one in rules)
    places = {"aspect": rule.aspects, "route": rule.routes, "mode": rule.modes, "switch": rule.switches}
    said = {key: values if len(values) > 1 else values[0] for key, values in places.items() if values}
    entry = Entry(
        name=_name(rule, statuses, taken),
        where=rule.predicate,
        status=statuses if len(statuses) > 1 else rule.status,
        versions=_versions(version),
        grid=grid,
        date=date,
    )
    return msgspec.structs.replace(entry, **said)


_AS_IF_LEFT_OUT = (
    ("aspect", "*"),
    ("route", "*"),
    ("mode", "*"),
    ("switch", "*"),
    ("versions", ""),
    ("count", None),
)


def written(entry: Entry, *comments: str) -> str:
    """An entry in TOML, with some comments; what is as if it were left out is left out."""
    # Frameworks wrote some of them: what is no text may not stand in a comment either.
    plain = (" ".join("".join(filter(str.isprintable, " ".join(comment.split()))).split()) for comment in comments)
    lines = [f"# {comment[:200]}\n" for comment in plain if comment]
    for key in ("name", "where", "aspect", "route", "mode", "switch", "status", "versions", "grid", "count"):
        value = getattr(entry, key)
        if (key, value) not in _AS_IF_LEFT_OUT:
            lines.append(f"{key} = {_value(value)}\n")
    lines += [f"exceptions = {_value(entry.exceptions)}\n"] if entry.exceptions else []
    lines.append(f"date = {entry.date}\n")
    lines += [f"until = {entry.until}\n"] if entry.until else []
    lines += [f"{key} = {_value(getattr(entry, key))}\n" for key in ("reason", "upstream")]
    if entry.environment:
        told = [
            "{ " + ", ".join(f"{fact} = {_value(patterns)}" for fact, patterns in condition.items()) + " }"
            for condition in entry.conditions
        ]
        several = isinstance(entry.environment, tuple)
        lines.append(f"environment = {'[' + ', '.join(told) + ']' if several else told[0]}\n")
    return "".join(["[[entry]]\n", *lines])


def added(text: str, told: Iterable[str]) -> str:
    """A file's text with entries at its end."""
    parts = [text.rstrip("\n")] if text.strip() else []
    return "\n\n".join([*parts, *(entry.rstrip("\n") for entry in told)]) + "\n"


def pruned(text: str, names: Collection[str], where: str) -> str:
    """A file's text without some entries. A comment above an entry goes with it, all else stays as it is.

    Raises
    ------
    ConvarithError
        The file is written in a way in which entries cannot be taken out.
    """
    wanted = [entry for entry in read(text, where) if entry.name not in names]
    starts = [_with_comments(text, match.start()) for match in _HEAD.finditer(text)]
    blocks = [text[start:end] for start, end in pairwise([*starts, len(text)])]
    kept = [block for block, entry in zip(blocks, read(text, where), strict=False) if entry.name not in names]
    left = (text[: starts[0]] if starts else text) + "".join(kept)
    left = left.rstrip("\n") + "\n" if left.strip() else ""
    if list(read(left, where)) != wanted:
        raise ConvarithError(
            f"{where}: entries cannot be taken out as it is written; remove {', '.join(names)} by hand"
        )
    return left


def _with_comments(text: str, start: int) -> int:
    """Where an entry begins with the comment that stands right above it."""
    while True:
        before = text.rfind("\n", 0, max(start - 1, 0)) + 1
        if start == 0 or not text[before:start].startswith("#"):
            return start
        start = before


def _name(rule: Rule, statuses: Sequence[str], taken: Collection[str]) -> str:
    """A name that says what is told of what; with a number where it is taken."""
    words = [*(rule.ops if len(rule.ops) < 3 else ()), *(word.replace("̂", "") for word in rule.words), *statuses]
    plain = re.sub(r"[^a-z0-9<>=]+", "-", " ".join(words).lower())
    for sign, word in (("<", "under"), (">", "over"), ("=", "is")):
        plain = plain.replace(sign, word)
    plain = plain.strip("-") or rule.status
    number = 1
    while (name := plain if number == 1 else f"{plain}-{number}") in taken:
        number += 1
    return name


def _versions(version: str) -> str:
    try:
        return f">={Version(version_alone(version)).base_version}"
    except InvalidVersion:
        return ""


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):  # JSON's strings are TOML's, but that this keeps k̂ readable
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
