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
