"""What a framework says is text in every report, and short, through the whole program."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from lxml import etree, html

from harness.__main__ import main
from harness.frameworks import registry

from ..fakes.attacking import MARK
from ..report.test_ctrf import SCHEMA as CTRF
from ..report.test_junit import SCHEMA as JUNIT

pytestmark = pytest.mark.slow

CASES = [f"--case=conv1d.i{i}.k2.s1.p0.d1" for i in (3, 4, 5, 6)]
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202e\ufffe]")


@pytest.fixture
def printed(fakes: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What the program says of such a run, with all of its reports written."""
    monkeypatch.setattr(registry, "adapters", lambda: {"attacking": "fakes.attacking:Attacking"})
    assert main(["run", "-f", "attacking", *CASES, "--out", "run", "--no-known", "--github"]) == 1
    files = [f"--{kind}=again/{kind}" for kind in ("html", "markdown", "junit", "ctrf", "badges")]
    Path("again").mkdir()
    assert main(["report", "run", *files, "--per-case", "--github"]) == 0
    told = capsys.readouterr()
    return told.out, told.err


def test_hostile_words_are_text_in_every_format(printed: tuple[str, str]) -> None:
    texts = {path: path.read_text() for folder in ("run", "again") for path in Path(folder).rglob("*.*") if
             path.suffix in (".html", ".md", ".xml", ".json")}  # fmt: skip
    texts |= {path: path.read_text() for path in Path("again").iterdir() if path.is_file()}
    assert len(texts) >= 3 + 4 + 1
    of_ours = {Path("run/run.json"), Path("run/known.json")}  # records, whole, in which JSON escapes what there is
    for path, text in texts.items():
        if path not in of_ours:
            assert len(text.encode()) < (1 << 20), path
            assert FORBIDDEN.search(text) is None, (path, FORBIDDEN.search(text))
            assert "\\u001b" not in text, path
    for path in (Path("run/report.html"), Path("again/html")):
        assert f"<script>{MARK}" not in texts[path]
        page = html.document_fromstring(texts[path].encode())
        assert not [one for one in page.iter("script") if (one.text or "").strip() == MARK]
        assert not page.xpath("//a[starts-with(@href, 'javascript')]")
    for path in (Path("run/report.md"), Path("again/markdown")):
        assert "<script" not in texts[path]
        assert MARK in texts[path]
        assert not [line for line in texts[path].splitlines() if line.startswith(("# head", "::"))]
    for path in (Path("run/junit.xml"), Path("again/junit")):
        root = etree.fromstring(texts[path].encode())
        JUNIT.assertValid(root)
        assert any(f"<script>{MARK}</script> ]]>" in str(one.text) for one in root.iter("failure"))
    ctrf = json.loads(texts[Path("again/ctrf")])
    Draft7Validator(CTRF).validate(ctrf)
    assert any(f"<script>{MARK}</script>" in one.get("message", "") for one in ctrf["results"]["tests"])
    (badge,) = Path("again/badges").iterdir()
    assert badge.name == "attacking.json"
    assert len(json.loads(badge.read_text())["label"]) <= 60


def test_what_is_printed_is_text_and_commands_are_ours_alone(printed: tuple[str, str]) -> None:
    out, err = printed
    for text in (out, err):
        assert FORBIDDEN.search(text) is None, FORBIDDEN.search(text)
        assert len(text) < 50_000
    assert MARK in out
    assert "[red]x[/red]" in out
    outside, word = [], ""
    for line in out.splitlines():
        if word:
            word = "" if line == f"::{word}::" else word
        elif match := re.fullmatch("::stop-commands::([0-9a-f]{32})", line):
            word = match[1]
        else:
            outside.append(line)
    assert word == ""
    assert outside
    assert all(re.fullmatch(r"::error title=[^:,]*::.*", line) for line in outside)
    assert not [line for line in err.splitlines() if line.lstrip().startswith("::")]
