#!/usr/bin/env bash
# The steps of a night, each with what it needs in the environment. The workflow and the action call them, and so does
# 'tox run -e nightly-local', in the same order; so there is nothing else in either that could fail.
#
#   nightly.sh install    SOURCE TOOL                            the program, in an environment of its own
#   nightly.sh observe    FRAMEWORK GRID SHARD RUN [PRE INDEX]   one shard of what the packages make up
#   nightly.sh compare    RUN BASELINE OUT                       a run against a baseline: exit code 1 if anything is worse
#   nightly.sh report     RUNS BASELINE OUT                      the shards united, and compared
#   nightly.sh issues     OUT                                    an issue for each rule of what is worse
#
# FRAMEWORK is what 'convarith run -f' takes. A name alone means the framework that the interpreter on PATH has.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
convarith=${CONVARITH:-convarith}

compare() {
  mkdir -p "$OUT/page"
  "$convarith" diff "$BASELINE" "$1" --exit-zero --format html -o "$OUT/page/changes.html"
  "$convarith" diff "$BASELINE" "$1" --exit-zero --format markdown -o "$OUT/changes.md"
  "$convarith" diff "$BASELINE" "$1" --exit-zero --format issues -o "$OUT/issues.json"
  cp "$1/report.html" "$OUT/page/index.html"
  head -c 1000000 "$OUT/changes.md" >> "${GITHUB_STEP_SUMMARY:-/dev/stderr}"
  "$convarith" diff "$BASELINE" "$1" --only-changed
}

case "${1:-}" in
  install)
    python3 -m venv "$TOOL"
    "$TOOL/bin/python" -m pip install --quiet "$SOURCE"
    ;;
  observe)
    [[ "$FRAMEWORK" =~ ^[A-Za-z0-9._-]+$ ]] && FRAMEWORK="$FRAMEWORK=$(command -v python3)"
    "$convarith" run -f "$FRAMEWORK" --grid "$GRID" ${SHARD:+--shard "$SHARD"} ${PRE:+--pre} \
      ${INDEX:+--index "$INDEX"} --exit-zero --out "$RUN"
    ;;
  compare)
    compare "$RUN"
    ;;
  report)
    incomplete=0
    "$convarith" merge --exit-zero "$RUNS" -o "$OUT/run" || incomplete=$?
    [ -e "$OUT/run/verdicts.parquet" ] || exit "$incomplete"
    compare "$OUT/run"
    exit "$incomplete"
    ;;
  issues)
    python3 "$here/issues.py" "$OUT/issues.json"
    ;;
  *)
    echo "nightly.sh: there is no step '${1:-}'" >&2
    exit 2
    ;;
esac
