"""Whatever stands in the files: a folder that the check can read, or a sentence with file and line."""

import contextlib
import json
import re
import tempfile
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadaemon.config import ConfigError, Mistake, load_cluster
from hadaemon.errors import HadaemonError
from hadaemon.keepalived.links import read_box
from hadaemon.keepalived.read_instance import READERS
from hadaemon.keepalived.read_tracked import TRACKING
from hadaemon.keepalived.source import Source, SourceError
from hadaemon.keepalived.words import OF_BLOCKS, OF_GLOBALS, OF_INSTANCES
from hadaemon.operations.import_keepalived import ImportRequest, import_keepalived
from tests.unit.keepalived.importing import CONFIGS

TEXTS = [path.read_text() for path in sorted(CONFIGS.glob("*.conf"))]
CONNTRACKD = [path.read_text() for path in sorted(CONFIGS.glob("*.conntrackd"))]
WORDS = sorted(
    {
        *READERS,
        *TRACKING,
        *OF_BLOCKS,
        *OF_GLOBALS,
        *OF_INSTANCES,
        *(
            "vrrp_instance",
            "vrrp_script",
            "vrrp_track_process",
            "vrrp_track_file",
            "process",
            "file",
            "interval",
            "fall",
            "vrrp_sync_group",
            "global_defs",
            "group",
            "script",
            "key",
            "weight",
        ),
        *(
            "{",
            "}",
            '"',
            "!",
            "#",
            "$A",
            "$A=1",
            "${A}",
            "@x",
            "@^x",
            "include",
            "~SEQ(A,1,2)",
            "\\",
            "\n",
            "\0",
        ),
        *(
            "eth0",
            "eth0.5",
            "bond0.5000",
            "10.0.0.1",
            "10.0.0.1/24",
            "::1",
            "fe80::1/64",
            "0.0.0.0/0",
            "%eth0",
        ),
        *(
            "dev",
            "via",
            "default",
            "0",
            "255",
            "256",
            "-1",
            "0.001",
            "1e9",
            "nan",
            "٣",
            "MASTER",
            "PASS",
            "killall -0 x",
            "/bin/sh -c ':'",
            "/etc",
            "'",
            "ä",
        ),
    }
)
PLACE = re.compile(r"k\.(conf|conntrackd):\d+: ")


def damaged(texts: list[str]) -> st.SearchStrategy[str]:
    """A good text with pieces cut out, doubled, or replaced by other words."""

    @st.composite
    def make(draw: st.DrawFn) -> str:
        parts = re.split(r"(\s+)", draw(st.sampled_from(texts)))
        for _ in range(draw(st.integers(1, 6))):
            at = draw(st.integers(0, len(parts) - 1))
            end = min(at + draw(st.integers(0, 8)), len(parts))
            new = draw(st.lists(st.sampled_from(WORDS), max_size=3))
            parts[at:end] = draw(st.sampled_from([[], parts[at:end] * 2, [" ".join(new)]])) or [""]
        text = "".join(parts)
        return text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text

    return make()


def anything() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from([*WORDS, " ", "\n"]), max_size=60).map(" ".join) | st.text(max_size=80)


def try_to_import(text: str, conntrackd: str | None) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("hadaemon.state.firewall_check.try_rules", lambda _: None)
        folder = Path(name)
        (folder / "k.conf").write_text(text)
        more = () if conntrackd is None else (folder / "k.conntrackd",)
        for path in more:
            path.write_text(conntrackd or "")
        try:
            report = import_keepalived(ImportRequest((folder / "k.conf",), folder / "site", more))
        except HadaemonError as error:
            refused = [str(each) for each in getattr(error, "problems", (error,))]
        else:
            check_what_was_written(folder, report)
            return
        assert refused
        assert all(PLACE.search(problem) for problem in refused), refused
        assert sorted(each.name for each in folder.iterdir()) == ["k.conf", *(path.name for path in more)]


def check_what_was_written(folder: Path, report: str) -> None:
    """It can be read. What a pair cannot have, though keepalived can, is told."""
    text = (folder / "site/cluster.toml").read_text()
    tomllib.loads(text)
    mistakes: tuple[Mistake, ...] = ()
    try:
        load_cluster(text)
    except ConfigError as error:
        mistakes = error.mistakes
    told = " ".join(report.split())
    assert all(" ".join(mistake.message.split())[:60] in told for mistake in mistakes)
    for path in folder.glob("site/*/node.toml"):
        tomllib.loads(path.read_text())


@settings(max_examples=250, deadline=None)
@given(damaged(TEXTS) | anything(), st.none() | damaged(CONNTRACKD) | anything())
def test_no_file_breaks_the_import(text: str, conntrackd: str | None) -> None:
    try_to_import(text, conntrackd)


@pytest.mark.nightly
@settings(max_examples=20_000, deadline=None)
@given(damaged(TEXTS) | anything(), st.none() | damaged(CONNTRACKD) | anything())
def test_no_file_breaks_the_import_at_night(text: str, conntrackd: str | None) -> None:
    try_to_import(text, conntrackd)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["ifname", "address", "linkinfo", "info_kind", "info_data", "id", "addr_info", "local"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300)
@given(JSON)
def test_no_output_breaks_the_reading_of_ip(told: object) -> None:
    with contextlib.suppress(SourceError):
        read_box(Source("a.json", json.dumps(told)))
