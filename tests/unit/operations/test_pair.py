"""Pairing: what happens while the other node waits, and what only afterwards."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from hadaemon.io.store.identity import Identity
from hadaemon.operations import pair
from hadaemon.operations.changing import NodePaths
from hadaemon.operations.pair import Pairing
from hadaemon.pairing.protocol import Card, Paired

NODE = """\
schema = 1
name = "alpha"
[ports.hotwire]
mac = "52:54:00:48:0a:03"
"""


def test_the_other_node_does_not_wait_until_the_keys_are_put_to_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a slow box that takes longer than the other node's patience."""
    at_work: list[str] = []
    state, other = tmp_path / "own", tmp_path / "other"
    for folder in (state, other):
        folder.mkdir()
    (state / "node.toml").write_text(NODE)
    paired = Paired(Card("beta", Identity(other).ensure("beta")), "c2VjcmV0" * 4)
    shown: list[tuple[str, float]] = []

    def show(_card: object, code: str, _own: object, keep: Callable[[Paired], None]) -> Paired:
        keep(paired)
        assert shown == [(code, pair.wire.SHOWN)]
        assert Identity(state).trusted() == paired.peer.key
        assert at_work == []
        return paired

    monkeypatch.setattr(pair.wire, "show", show)
    monkeypatch.setattr(pair, "calling", lambda *_: nullcontext())
    monkeypatch.setattr("hadaemon.io.programs.services.restart_sync_server", lambda: at_work.append("now"))
    pairing = Pairing(NodePaths(state, tmp_path, tmp_path / "no-daemon"))
    assert pairing.show_code(lambda *told: shown.append(told)) == paired
    assert at_work == ["now"]
