"""Open an issue for each rule of what got worse, or bring the one that is open up to date: ``issues.py ISSUES.json``.

What it reads, 'convarith diff --format issues' writes. It calls GitHub's own program, gh, which takes repository and
token from the environment; the standard library is all that it needs.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LABEL = "convarith"
MOST = 20  # issues that one night opens


def gh(*arguments: str, text: str = "") -> str:
    """What GitHub's program answers."""
    return subprocess.run(["gh", *arguments], input=text, capture_output=True, check=True, text=True).stdout


def main(path: Path) -> None:
    """Open and update."""
    told = json.loads(path.read_text("utf-8"))
    if not told:
        return
    gh("label", "create", LABEL, "--force", "--description", "What convarith found between releases")
    asked = ["--label", LABEL, "--state", "open", "--limit", "1000", "--json", "number,body"]
    known = {issue["number"]: issue["body"] for issue in json.loads(gh("issue", "list", *asked))}
    new = []
    for one in told:
        mark = f"<!-- convarith {one['key']} -->"
        text = f"{one['body']}\n{mark}\n"
        number = next((number for number, body in known.items() if mark in body), None)
        if number is None:
            new.append(["--title", one["title"], text])
        else:
            gh("issue", "edit", str(number), "--body-file", "-", text=text)
    for *title, text in new[:MOST]:
        gh("issue", "create", *title, "--label", LABEL, "--body-file", "-", text=text)
    if len(new) > MOST:
        print(f"{len(new) - MOST} more rules have no issue: {MOST} are opened a night, the report has all")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
