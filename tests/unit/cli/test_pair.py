"""`hactl pair`: what happens while the other node waits, and what only afterwards."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from hadaemon.cli import pair
from hadaemon.io.store.identity import Identity
from hadaemon.pairing.protocol import Card, Paired


def test_the_other_node_does_not_wait_until_the_keys_are_put_to_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a slow box that takes longer than the other node's patience."""
    at_work: list[str] = []
    monkeypatch.setattr(pair, "_put_to_work", lambda options: at_work.append("now"))
    own, other = Identity(tmp_path / "own"), Identity(tmp_path / "other")
    for node in ("own", "other"):
        (tmp_path / node).mkdir()
    paired = Paired(Card("beta", other.ensure("beta")), "c2VjcmV0" * 4)
    box = SimpleNamespace(identity=own, node=SimpleNamespace(name="alpha"))
    own.ensure("alpha")
    pair._keeper(box)(paired)  # type: ignore[arg-type]
    assert own.trusted() == paired.peer.key
    assert at_work == []
    pair._end(None, paired)  # type: ignore[arg-type]
    assert at_work == ["now"]
    assert "paired with beta" in capsys.readouterr().out
