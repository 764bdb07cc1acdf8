"""What switches are called: by what changes among the facts of a process when they are set."""

from __future__ import annotations

from collections.abc import Mapping

from harness.records import MACHINE, Where

_SPELLED = {"onednn": "oneDNN"}


class Names:
    """Of the switches of a framework's release.

    Parameters
    ----------
    framework, release : str
    facts : mapping
        Of each environment: its facts.
    """

    def __init__(self, framework: str, release: str, facts: Mapping[Where, Mapping[str, str]]) -> None:
        self._plain = facts.get((framework, "", release), {})
        self._facts = {where[1]: told for where, told in facts.items() if (where[0], where[2]) == (framework, release)}

    def about(self, name: str) -> str:
        """What a switch is about: 'oneDNN', 'threads'."""
        changed = self._changed(name)
        return " and ".join(_SPELLED.get(fact, fact) for fact in changed) if changed else name

    def setting(self, name: str, switch: str) -> str:
        """What a process has that is switched so, or not at all: 'oneDNN on', 'threads 1'."""
        changed = self._changed(name)
        if not changed:
            return switch or f"no {name}"
        facts = self._facts.get(switch, {}) if switch else self._plain
        return " and ".join(f"{_SPELLED.get(fact, fact)} {facts.get(fact, 'unknown')}" for fact in changed)

    def _changed(self, name: str) -> list[str]:
        """The facts that are others with switches of a name; the one of that very name, if it is among them."""
        switched = [facts for switch, facts in self._facts.items() if switch.partition("=")[0] == name and facts]
        changed = [
            fact
            for fact, value in self._plain.items()
            if fact not in MACHINE and any(facts.get(fact) != value for facts in switched)
        ]
        return [name] if name in changed else changed
