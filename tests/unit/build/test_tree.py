"""What is done to the root file system's tree."""

from pathlib import Path

from firmware.build import assemble, prune, seal
from firmware.paths import ROOT

STATUS = """\
Package: bash
Status: install ok installed
Installed-Size: 7196
Version: 5.2.37-2+b10
Source: bash (5.2.37-2)
Description: shell
 Version: of a continued line

Package: perl-base
Status: install ok installed
Installed-Size: 7815
Version: 5.40.1-6

Package: gone
Status: deinstall ok config-files
Version: 1
"""


def test_the_package_table_has_what_is_installed(tmp_path: Path) -> None:
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_text(STATUS)
    assert prune.package_table(tmp_path).splitlines() == [
        "bash\t5.2.37-2+b10\t7196\tbash (5.2.37-2)\tkept",
        "perl-base\t5.40.1-6\t7815\tperl-base\tdropped",
    ]


def test_pruning_removes_a_dropped_packages_files_and_keeps_licences(tmp_path: Path) -> None:
    info = tmp_path / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (info / "perl-base.list").write_text(
        "/.\n/usr\n/usr/bin\n/usr/bin/perl\n/usr/share/doc/perl-base/copyright\n/usr/lib/p\n"
    )
    (info / "grub-common.list").write_text("/usr/bin/grub-editenv\n/usr/bin/grub-file\n")
    for name in (
        "usr/bin/perl",
        "usr/bin/grub-editenv",
        "usr/bin/grub-file",
        "usr/share/doc/perl-base/copyright",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "usr/lib/p").mkdir(parents=True)
    (tmp_path / "etc/ssh").mkdir(parents=True)
    for name in (
        "etc/passwd-",
        "etc/passwd",
        "etc/ssh/ssh_host_rsa_key",
        "etc/ssh/sshd_config",
        "etc/machine-id",
    ):
        (tmp_path / name).write_text("x")
    units = tmp_path / "usr/lib/systemd/system"
    (units / "sysinit.target.wants").mkdir(parents=True)
    for name in ("systemd-pcrphase.service", "systemd-sysctl.service"):
        (units / name).write_text("x")
        (units / "sysinit.target.wants" / name).symlink_to(f"../{name}")
    prune.prune(tmp_path)
    assert [path.name for path in (units / "sysinit.target.wants").iterdir()] == ["systemd-sysctl.service"]
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == [
        "etc/passwd",
        "etc/ssh/sshd_config",
        "usr/bin/grub-editenv",
        "usr/lib/systemd/system/sysinit.target.wants/systemd-sysctl.service",
        "usr/lib/systemd/system/systemd-sysctl.service",
        "usr/share/doc/perl-base/copyright",
    ]
    assert not (tmp_path / "usr/lib/p").exists()


def test_byte_code_is_trusted_and_else_unchanged(tmp_path: Path) -> None:
    pyc = tmp_path / "usr/lib/python3.13/__pycache__/x.cpython-313.pyc"
    pyc.parent.mkdir(parents=True)
    before = b"\xf3\r\r\n" + (0b11).to_bytes(4, "little") + b"12345678" + b"code"
    pyc.write_bytes(before)
    prune._trust_byte_code(tmp_path / "usr/lib")
    after = pyc.read_bytes()
    assert after[4] == 0b01
    assert after[:4] + after[5:] == before[:4] + before[5:]


def test_an_overlays_modes_do_not_depend_on_the_checkout(tmp_path: Path) -> None:
    overlay, target = tmp_path / "overlay", tmp_path / "target"
    (overlay / "etc").mkdir(parents=True, mode=0o700)
    target.mkdir()
    for name, mode in (("etc/config", 0o600), ("etc/script", 0o775)):
        (overlay / name).write_text(name)
        (overlay / name).chmod(mode)
    (overlay / "etc/link").symlink_to("/dev/null")
    assemble.lay_over(overlay, target)
    assemble.lay_over(overlay, target)
    assert (target / "etc/config").stat().st_mode & 0o777 == 0o644
    assert (target / "etc/script").stat().st_mode & 0o777 == 0o755
    assert (target / "etc").stat().st_mode & 0o777 == 0o755
    assert (target / "etc/link").readlink() == Path("/dev/null")


def test_the_images_var_becomes_rules(tmp_path: Path) -> None:
    var = tmp_path / "var"
    (var / "lib/haproxy").mkdir(parents=True)
    (var / "lib/haproxy").chmod(0o2750)
    (var / "run").symlink_to("/run")
    status = var.stat()
    rules = assemble.var_rules(var, {status.st_uid: "someone"}, {status.st_gid: "some"})
    assert "d /var/lib/haproxy 2750 someone some -\n" in rules
    assert "L /var/run - - - - /run\n" in rules


def test_hadaemon_is_last_in_the_squashfs(tmp_path: Path) -> None:
    for name in (
        "usr/bin/tool",
        "usr/lib/os-release",
        "usr/local/lib/python3.13/dist-packages/pyudev/core.py",
        "usr/local/lib/python3.13/dist-packages/hadaemon/errors.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    order = dict(line.rsplit(" ", 1) for line in seal.sort_file(tmp_path).splitlines())
    ranked = sorted(order, key=lambda name: -int(order[name]))
    assert [Path(name).name for name in ranked] == ["core.py", "errors.py", "os-release"]
    assert all(int(priority) < 0 for priority in order.values())


def test_the_initrd_opens_the_root_with_the_hash_that_it_is_sealed_with() -> None:
    step = (ROOT / "board/common/initrd/steps/root").read_text()
    assert f" {seal.HASH} $hash $salt " in step
    module = f"{seal.HASH.partition('-')[0]}_generic"
    assert module in step
    assert module in (ROOT / "board/common/initrd-modules").read_text().splitlines()


def test_nobody_has_a_password_whatever_the_packages_wrote() -> None:
    shadow = "root:*:20454:0:99999:7:::\nsshd:x:20454:0:99999:7:::\nempty::20454::::::\nadmin:!*:1::::::\n"
    assert assemble.locked(shadow).splitlines() == [
        "root:!*:1:0:99999:7:::",
        "sshd:!*:1:0:99999:7:::",
        "empty:!*:1::::::",
        "admin:!*:1::::::",
    ]
