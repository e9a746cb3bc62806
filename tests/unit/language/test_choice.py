"""Which language `hactl` speaks, and that English costs nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from hadaemon.cli import main
from hadaemon.language.choice import chosen
from hadaemon.language.speech import speak


@pytest.mark.parametrize(
    "environment,stored,language",
    [
        ({}, "de", "de"),
        ({}, "en", "en"),
        ({}, "", "en"),
        ({}, "klingon", "en"),
        ({"LANG": "C.UTF-8"}, "de", "de"),
        ({"LANG": ""}, "de", "de"),
        ({"LANG": "C"}, "de", "en"),
        ({"LANG": "en_US.UTF-8"}, "de", "en"),
        ({"LANG": "de_AT.UTF-8"}, "en", "de"),
        ({"LANG": "de"}, "en", "de"),
        ({"LANG": "fr_FR.UTF-8"}, "de", "en"),
        ({"LC_MESSAGES": "de_DE", "LANG": "en_US.UTF-8"}, "en", "de"),
        ({"LC_ALL": "C.UTF-8", "LC_MESSAGES": "de_DE"}, "de", "en"),
        ({"LC_ALL": "POSIX"}, "de", "en"),
    ],
)
def test_the_persons_own_counts_before_the_nodes(environment: dict[str, str], stored: str, language: str):
    assert chosen(environment, lambda: stored) == language


def test_hactl_asks_what_the_setup_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("LC_ALL")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setattr(main, "RUN", tmp_path)
    status = ["--socket", str(tmp_path / "none"), "status"]
    try:
        assert main.main(status) == 3
        assert "the daemon does not answer" in capsys.readouterr().err
        (tmp_path / "language").write_text("de\n")
        assert main.main(status) == 3
        assert "der Daemon antwortet nicht" in capsys.readouterr().err
        (tmp_path / "language").write_bytes(b"\xff")
        assert main.main(status) == 3
        assert "the daemon does not answer" in capsys.readouterr().err
    finally:
        speak("en")


def test_english_loads_no_catalog():
    code = (
        "import sys; from hadaemon.cli.main import main; main(['--socket', '/nowhere', 'status']);"
        "print({'hadaemon.language.catalogs', 'hadaemon.language.phrases'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
