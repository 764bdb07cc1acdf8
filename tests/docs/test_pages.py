"""What the pages print is true: grids read, ids parse, commands and options exist, numbers are those of the grids."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest

from cases import generate, grid
from cases.case import parse
from cases.claims import IDS
from cases.figures import CASES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "reports").glob("*.md")])
ID = re.compile(r"`((?:conv|conv_transpose|avg_pool|max_pool)[1-9]d\.[^`]*)`")
COMMAND = re.compile(r"(?:^    |`)(convarith [a-z][^`#\n]*)", re.MULTILINE)


@lru_cache
def options(verb: str) -> str:
    command = [sys.executable, "-m", "harness", verb, "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        found += [(page.name, command.strip()) for command in COMMAND.findall(page.read_text("utf-8"))]
    return found


def test_there_are_commands_to_check() -> None:
    assert len(commands()) > 10


@pytest.mark.parametrize(("page", "command"), sorted(set(commands())))
def test_a_command_has_a_verb_and_options_that_exist(page: str, command: str) -> None:
    _, verb, *words = shlex.split(command)
    if verb.isupper():  # a placeholder
        return
    told = options(verb)
    for number, word in enumerate(words):
        if word.startswith("-") and not re.fullmatch(r"-\d+", word):
            assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", told), f"{page}: {verb} has no {word}"
        if word == "--case" and not words[number + 1].isupper():
            assert words[number + 1] in CASES or parse(words[number + 1]), f"{page}: {words[number + 1]}"
        if word == "-r":
            assert words[number + 1] in IDS, f"{page}: {words[number + 1]}"


def test_ids_are_ids() -> None:
    found = [(page, text) for page in PAGES for text in ID.findall(page.read_text("utf-8"))]
    assert found
    for page, text in found:
        assert parse(text).id == text, page.name


def test_grids_in_the_text_are_grids() -> None:
    page = (ROOT / "docs" / "grids.md").read_text("utf-8")
    texts = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(texts) == 2
    for number, text in enumerate(texts):
        read = grid.read(text, f"example {number}")
        assert next(iter(generate.cases(read)), None) is not None


def test_the_table_of_grids_is_about_right() -> None:
    page = (ROOT / "docs" / "grids.md").read_text("utf-8")
    told = {name: int(number.replace(" ", "")) for name, number in re.findall(r"\| `([\w-]+)` \| ([\d ]+) \|", page)}
    assert set(told) == set(grid.shipped())
    for name in ("smoke", "pull-request", "nightly"):
        number = sum(1 for _ in generate.cases(grid.load(name)))
        assert abs(number - told[name]) <= 0.05 * number, f"{name} has {number} cases"


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        told = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", told):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_page_of_deviations_is_true() -> None:
    from harness.deviations import Entry, read, try_out
    from harness.rules.columns import OF_A_LAYER, OF_AN_AXIS
    from harness.rules.table import empty

    page = (ROOT / "docs" / "deviations.md").read_text("utf-8")
    entries = [read(text, "example") for text in re.findall(r"```toml\n(.*?)```", page, re.DOTALL)]
    assert len(entries) == 2
    with empty() as database:
        for number, some in enumerate(entries):
            try_out(database, {"example": some}, str(number))
    for name in (*Entry.__struct_fields__, *OF_AN_AXIS, *OF_A_LAYER):
        assert f"`{name}`" in page, name
