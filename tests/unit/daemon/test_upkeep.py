"""When which certificate ends: of files as they are made, by openssl itself."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hadaemon.daemon.health import upkeep
from hadaemon.daemon.health.upkeep import Upkeep
from hadaemon.io.programs.openssl import ends_of


def certificate(folder: Path, name: str, days: int) -> str:
    command = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    options = ("-subj", f"/CN={name}", "-days", str(days), "-keyout", "/dev/null", "-out", name)
    subprocess.run((*command, *options), cwd=folder, check=True, capture_output=True)
    return (folder / name).read_text()


def told(state: Path) -> list[str]:
    subject = Upkeep(state, state / "helper", has_slots=True)
    return [problem.resource for problem in subject._certificates()]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the administrator; the keyring lies beside them."""
    monkeypatch.setattr(upkeep, "_KEYRING", tmp_path / "keyring.pem")
    (tmp_path / upkeep.FILES).mkdir(parents=True)
    return tmp_path


def test_each_certificate_of_a_file_has_its_end(tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_text("words\n" + certificate(tmp_path, "a", 10) + certificate(tmp_path, "b", 400))
    now = datetime.now(UTC)
    assert [round((end - now) / timedelta(days=1)) for end in ends_of(both)] == [10, 400]
    (tmp_path / "none.pem").write_text("words\n")
    assert ends_of(tmp_path / "none.pem") == ()


def test_a_keyring_is_good_while_one_of_its_own_is(files: Path) -> None:
    """Nodes that change over to another key trust the old one too until it has ended."""
    old, new = certificate(files, "old", 5), certificate(files, "new", 400)
    keyring = files / "keyring.pem"
    for text, problems in ((old, ["keyring.pem"]), (old + new, []), (new + old, [])):
        keyring.write_text(text)
        assert told(files) == problems


def test_of_a_chain_the_first_one_counts(files: Path) -> None:
    server, authority = certificate(files, "server", 5), certificate(files, "authority", 400)
    (files / upkeep.FILES / "web.pem").write_text(server + authority)
    assert told(files) == ["web.pem"]
