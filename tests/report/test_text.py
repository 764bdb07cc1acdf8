from __future__ import annotations

import re
import time

import pytest

from harness.report.text import LIMIT, clean, count, one_line


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain, ünïcode, 5×4 – and\ta tab", "plain, ünïcode, 5×4 – and\ta tab"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred\x9b0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9d0;title\x9ctext", "text"),
        ("\x1b(Btext\x1b7", "text"),
        ("\x1b]what follows a stray introducer stays", "what follows a stray introducer stays"),
        ("ends in \x1b", "ends in "),
        ("a\x00b\x07c\x08d\x7fe\x9ff", "abcdef"),
        ("a\r\nb\rc\x85d\u2028e\x0bf", "a\nb\nc\nd\ne\nf"),
        ("\u202egnp.exe\u202c \u2066x\u2069 \u200e\u200f\u061c", "gnp.exe x "),
        ("\ud800 and \udfff", "\ufffd and \ufffd"),
        ("\ufeffa\ufffeb\uffffc", "abc"),
    ],
)
def test_what_is_no_text_goes_and_the_rest_stays(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_every_character_is_legal_in_xml_and_utf8_afterwards() -> None:
    everything = "".join(map(chr, range(0x11000)))
    cleaned = clean(everything, limit=len(everything))
    cleaned.encode()
    assert not re.search(r"[^\t\n -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", cleaned)
    assert len(cleaned) > 0x10000


@pytest.mark.parametrize("length", [LIMIT - 1, LIMIT, LIMIT + 1, 1_000_000])
def test_a_long_text_is_cut_and_says_so(length: int) -> None:
    for cut in (clean("x" * length), one_line("x" * length)):
        assert cut == ("x" * length if length <= LIMIT else "x" * (LIMIT - 1) + "…")


def test_what_is_not_looked_at_counts_as_cut() -> None:
    assert clean("\x00" * 1_000_000 + "end") == "…"


@pytest.mark.parametrize("piece", ["\x1b]", "\x9d", "\x1b[", "\x9b0", "\x1b ", "\x1b]x\x07"])
def test_the_time_grows_with_the_length_only(piece: str) -> None:
    # A hundredth of a second; if each introducer looked through all that follows, several seconds.
    before = time.process_time()
    clean(piece * 100_000, limit=200_000)
    assert time.process_time() - before < 1


def test_one_line_has_no_line_break_and_single_spaces() -> None:
    assert one_line("  a\n\n b\t\u2028c\xa0 d ") == "a b c d"


def test_a_noun_has_a_plural() -> None:
    assert [count(number, "case") for number in (0, 1, 2)] == ["0 cases", "1 case", "2 cases"]
    assert [count(number, "entry") for number in (1, 2)] == ["1 entry", "2 entries"]
