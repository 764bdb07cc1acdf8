"""What may be asked for, and when two environments are one."""

from __future__ import annotations

from typing import Any

import pytest

from harness.environments.pythons import Python
from harness.environments.wanted import Wanted, of, read_indexes, requirements
from harness.errors import UsageError

PYTHON = Python("/usr/bin/python3.12", "3.12.1", "CPython", "linux-x86_64")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("jax==0.4.30", "jax==0.4.30"),
        ("tensorflow_CPU==2.21.0 Keras==3.13.0", "keras==3.13.0 tensorflow-cpu==2.21.0"),
        ("keras==3.13.0  tensorflow-cpu==2.21.0", "keras==3.13.0 tensorflow-cpu==2.21.0"),
        ("jax[cpu]<0.5,>=0.4.1", "jax[cpu]<0.5,>=0.4.1"),
        ("jax==0.4.30 python==3.10", "jax==0.4.30 python==3.10"),
        ("jax==0.4.30 python==3.10.*", "jax==0.4.30 python==3.10"),
        ("tf-nightly", "tf-nightly"),
    ],
)
def test_requirements_are_read_and_written_in_one_way(text: str, read: str) -> None:
    assert str(requirements(text)) == read
    assert str(requirements(read)) == read


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("jax==0.4.30; rm -rf /", "'jax==0.4.30;' has an address or a marker|is no requirement"),
        ("--index-url=https://example.org jax", "is no requirement"),
        ("-r requirements.txt", "is no requirement"),
        ("jax@https://example.org/jax.whl", "address or a marker"),
        ("jax;python_version<'3'", "address or a marker"),
        ("../jax", "is no requirement"),
        ("jax == 0.4.30", "is no requirement"),
        ("jax==0.4.30 JAX==0.5", "names jax twice"),
        ("python==3.10", "names no package"),
        ("jax python>=3.10", "which Python"),
        ("", "names no package"),
    ],
)
def test_what_is_no_requirement_never_reaches_pip(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        requirements(text)


def wanted(text: str, **changes: str | bool) -> Wanted:
    asked: dict[str, Any] = {"python": PYTHON, "pre": False, "indexes": {}, "today": "2026-01-02", **changes}
    return of(asked=requirements(text), **asked)


def test_a_name_says_all_that_is_in_it_and_nothing_else() -> None:
    names = {
        wanted("jax==0.4.30").name,
        wanted("jax==0.4.31").name,
        wanted("jax==0.4.30", pre=True).name,
        of(asked=requirements("jax==0.4.30"), python=PYTHON, pre=False, indexes={"jax": "https://a"}, today="").name,
        Wanted(("jax==0.4.30",), Python("x", "3.12.2", "CPython", "linux-x86_64")).name,
        Wanted(("jax==0.4.30",), Python("x", "3.12.1", "CPython", "linux-aarch64")).name,
        Wanted(("jax==0.4.30",), Python("x", "3.12.1", "PyPy", "linux-x86_64")).name,
    }
    assert len(names) == 7
    assert all(name.startswith("jax-0.4.3") for name in names)
    assert wanted("jax==0.4.30").name == wanted("JAX==0.4.30", today="2026-01-03").name
    assert "/" not in wanted("jax[cpu]<0.5,>=0.4.1").name


def test_what_is_not_pinned_is_another_every_day() -> None:
    for text in ("tf-nightly", "jax>=0.5", "jax==0.5.*", "keras==3.13.0 tf-nightly"):
        assert wanted(text).name != wanted(text, today="2026-01-03").name, text


def test_indexes_are_of_packages_and_passwords_are_not_told() -> None:
    indexes = read_indexes(["torch=https://me:secret@example.org/nightly", "https://example.org/all"])
    one = of(asked=requirements("torch==2.13.0"), python=PYTHON, pre=False, indexes=indexes, today="")
    assert one.index == "https://me:secret@example.org/nightly"
    assert "secret" not in str(one.key) + repr(one) + str(one)
    other = of(asked=requirements("jax==0.4.30"), python=PYTHON, pre=False, indexes=indexes, today="")
    assert other.index == "https://example.org/all"
    for texts in (["ftp://example.org"], ["torch=nightly"], ["a=https://x", "a=https://y"]):
        with pytest.raises(UsageError, match="--index"):
            read_indexes(texts)
    with pytest.raises(UsageError, match="different indexes"):
        of(
            asked=requirements("jax torch"),
            python=PYTHON,
            pre=False,
            indexes={"jax": "https://x", "torch": "https://y"},
            today="",
        )
