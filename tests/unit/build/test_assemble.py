"""The Python packages in the image are the same wherever it was built."""

from pathlib import Path

from firmware.build.assemble import forget_scripts


def test_commands_and_their_hashes_are_forgotten(tmp_path: Path) -> None:
    """pip writes the path of its own Python into them."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/tool").write_text("#!/a/path/of/mine/bin/python\n")
    info = tmp_path / "tool-1.0.dist-info"
    info.mkdir()
    kept = "tool/__init__.py,sha256=abc,12\ntool-1.0.dist-info/RECORD,,\n"
    (info / "RECORD").write_text(f"../../bin/tool,sha256=def,28\n{kept}")
    forget_scripts(tmp_path)
    assert not (tmp_path / "bin").exists()
    assert (info / "RECORD").read_text() == kept
