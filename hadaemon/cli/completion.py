"""What the Tab key offers for an argument, beside what the parser itself knows.

The script that bash reads is made from the parser by shtab (`python3 invoke.py manual`): pressing Tab starts
no Python, which takes a slow appliance half a second. So what is offered is found by bash alone.
"""

import argparse
from enum import StrEnum


class Offer(StrEnum):
    """Names of functions of the script; the first is shtab's own."""

    FILES = "_shtab_compgen_files"
    PORTS = "_hactl_ports"
    GENERATIONS = "_hactl_generations"
    GENERATIONS_AND_FILES = "_hactl_generations_and_files"


PREAMBLE = r"""
_hactl_ports() {
  compgen -W "$(sed -n 's/^\[ports\.\([a-z][a-z0-9_-]*\)\][[:space:]]*$/\1/p' \
    "${HACTL_STATE:-/data/state}/node.toml" 2>/dev/null)" -- "$1"
}

_hactl_generations() {
  local folder number numbers=()
  for folder in "${HACTL_STATE:-/data/state}"/generations/[0-9]*-*; do
    number=${folder##*/}
    number=${number%%-*}
    [[ $number =~ ^[0-9]+$ ]] && numbers+=("$((10#$number))")
  done
  compgen -W "${numbers[*]}" -- "$1"
}

_hactl_generations_and_files() {
  _hactl_generations "$1"
  compgen -f -- "$1"
}
""".strip()
"""Before everything else in the script. HACTL_STATE is for tests."""


def offers(action: argparse.Action, what: Offer) -> None:
    """Says what Tab offers for this argument. shtab looks for that attribute."""
    action.complete = {"bash": what.value}  # type: ignore[attr-defined]
