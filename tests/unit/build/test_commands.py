"""What a failed command of the build is said to have failed for: by what it wrote."""

from pathlib import Path

import pytest

from firmware.build.commands import explain


@pytest.mark.parametrize(
    "text, what",
    [
        (
            "signature verification failed: Verify error: unsuitable certificate purpose",
            "no node with this image would take its own bundle: unsuitable certificate purpose",
        ),
        ("W: GPG error: NO_PUBKEY 0123", "the mirror's signature could not be verified"),
        ("E: Unable to locate package nonesuch", "package nonesuch does not exist in the Debian suite"),
        ("Could not resolve 'deb.example.org'", "the package mirror cannot be reached"),
    ],
)
def test_the_reason_is_that_of_the_command(tmp_path: Path, text: str, what: str) -> None:
    log = tmp_path / "stage.log"
    log.write_text(f"$ program\n{text}\n")
    error = explain(["program"], 1, log, 0)
    assert str(error).splitlines()[0] == f"error: {what}"
    assert error.where == str(log)
