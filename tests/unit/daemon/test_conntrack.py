"""Which numbers of connections are compared."""

from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

import pytest

from hadaemon.config.conntrack_model import Conntrack
from hadaemon.conntrack.course import Counts
from hadaemon.daemon.services import conntrack


@pytest.mark.parametrize(
    "settings,here,there,compared",
    [
        (Conntrack(), 10, 5000, Counts(10, 5000)),
        (Conntrack(protocols=("tcp",)), 10, 5000, Counts(10, 10)),
        (Conntrack(ignore=(ip_network("10.0.0.0/8"),)), 5000, 10, Counts(5000, 10)),
        (Conntrack(protocols=("tcp",)), 10, None, Counts(10, None)),
        (Conntrack(protocols=("tcp",)), None, 10, Counts(None, 10)),
    ],
)
def test_where_not_all_is_told_none_are_missing(
    monkeypatch: pytest.MonkeyPatch,
    settings: Conntrack,
    here: int | None,
    there: int | None,
    compared: Counts,
):
    monkeypatch.setattr(conntrack, "connections", lambda: here)
    vitals = None if there is None else SimpleNamespace(connections=there)
    session: Any = SimpleNamespace(
        cluster_config=SimpleNamespace(conntrack=settings), hotwire=SimpleNamespace(peer_vitals=vitals)
    )
    assert conntrack._comparable(session) == compared


@pytest.mark.parametrize(
    "heard, protected, after, waits",
    [
        (True, False, 179.0, True),
        (True, False, 181.0, False),
        (True, True, 1.0, False),
        (False, False, 1.0, False),
    ],
    ids=["no keys yet", "no keys for long", "keys", "nobody is heard"],
)
def test_a_node_that_boots_waits_for_keys_as_long_as_it_takes(
    heard: bool, protected: bool, after: float, waits: bool
):
    """Before there are any, no connection can be told to it: to take over by preference would break all."""
    hotwire = SimpleNamespace(peer_report=object() if heard else None, protected=protected)
    part: Any = SimpleNamespace(
        _today=SimpleNamespace(session=SimpleNamespace(hotwire=hotwire)), _began_at=1000.0
    )
    assert conntrack.Conntrack._waits_for_keys(part, 1000.0 + after) is waits


@pytest.mark.parametrize(
    "paired, protected, runs, may",
    [
        (False, False, True, False),
        (True, False, False, False),
        (True, False, True, True),
        (True, True, False, True),
    ],
    ids=["not paired", "no keys yet", "no keys now", "keys"],
)
def test_conntrackd_begins_when_what_it_says_is_protected(
    paired: bool, protected: bool, runs: bool, may: bool
):
    """It asks nobody who he is. One that runs goes on: nothing of it leaves in clear."""
    session: Any = SimpleNamespace(hotwire=SimpleNamespace(paired=paired, protected=protected))
    program = SimpleNamespace(life=lambda: (1, 1) if runs else None)
    part: Any = SimpleNamespace(_conntrackd=program)
    assert conntrack.Conntrack._may_run(part, session) is may


def test_patience_with_missing_connections_begins_with_the_keys():
    cluster: Any = SimpleNamespace(enabled=True, conntrack=SimpleNamespace(enabled=True), hotwire=object())
    clock = {"now": 1000.0, "waits": True}
    part: Any = SimpleNamespace(
        _loop=SimpleNamespace(time=lambda: clock["now"]),
        _course=None,
        _complete_at=1000.0,
        _waits_for_keys=lambda _: clock["waits"],
    )

    def missing(now: float, waits: bool) -> bool:
        clock.update(now=now, waits=waits)
        return bool(conntrack.Conntrack.missing_connections(part, cluster))

    assert all(missing(now, True) for now in (1029.0, 1058.0, 1087.0))
    assert [missing(now, False) for now in (1116.0, 1118.0)] == [True, False]
