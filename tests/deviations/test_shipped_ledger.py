"""The known deviations that come with convarith: what every entry has to say."""

from __future__ import annotations

import pytest

from harness.commands.ledger import Ledger
from harness.deviations import Entry
from harness.frameworks import registry

ENTRIES = [(framework, entry) for framework, mine in (Ledger().entries() or {}).items() for entry in mine]


def test_every_file_is_of_a_framework() -> None:
    assert {framework for framework, _ in ENTRIES} <= set(registry.adapters())


@pytest.mark.parametrize(("framework", "entry"), ENTRIES, ids=[f"{name}-{entry.name}" for name, entry in ENTRIES])
def test_an_entry_gives_its_cause_its_versions_and_where_upstream_speaks_of_it(framework: str, entry: Entry) -> None:
    assert entry.reason.endswith("."), "one sentence or more"
    assert entry.versions.startswith(">="), "observed from a release on, and not before"
    assert entry.upstream.startswith("https://github.com/") or "one found" in entry.reason, (
        "a link, or that none was found"
    )


def test_an_entry_that_may_agree_says_why_or_how_often() -> None:
    loose = [(framework, entry.name) for framework, entry in ENTRIES if entry.exceptions == "any"]
    assert loose == [("tensorflow", "depthwise-stride-with-dilation"), ("tensorflow", "conv3d-dilations-exchanged")]
