"""`bench sync`: how long a configuration of 1 MB takes from one node to the other, beside plain rsync.

Both go over a real SSH server from one network namespace to another, in turns, in one run. Ours also checks
the whole configuration on the other node and reads it back. rsync does not, so that it is measured once more
with a second pass that compares the checksums of all files.
"""

import random
import sys
import tempfile
from pathlib import Path

from firmware import paths
from firmware.bench.hotwire import hotwire_rows
from firmware.bench.measure import Figure, Row, machine, say, seconds_of, table
from firmware.errors import FirmwareError
from firmware.lab.namespaces import Namespaces
from firmware.lab.sync_box import ADDRESS, SyncBox, build_sync_pair, exchange_keys

PAGE = paths.ROOT / "docs/benchmarks-sync.md"
FILES, SIZE = 200, 5000
"""1 MB in all."""
TARGET = "1 s"
_RSYNC_PORT = "2222"

_CLUSTER = """schema = 1
name = "office"
master = "alpha"
[hotwire]
port = "hotwire"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""

INTRODUCTION = """\
# Benchmark: synchronization

Made by `python3 invoke.py bench sync` on {machine}. Each figure is the median of {runs} runs, with the
least and the most in brackets. A configuration of {files} files, {size:.1f} MB, of which every file has
changed, goes from one network namespace to another over SSH, by `hactl config sync` and by rsync in turns.

Ours includes the start of `hactl`, the comparison, the lock on both nodes, the dry run on the other node,
writing every file durably (fsync), and reading the digest back. rsync's `--fsync` is on. *Verified* is a
second pass of rsync that compares the checksums of all files.

The heartbeat's cost is what the active node's daemon takes with a hotwire beyond what it takes without. The
cable is pulled at both ends at once; measured is until both daemons have told it, the start of `ip` included.

"""


def bench_sync(runs: int) -> None:
    """Measure, print the table and write docs/benchmarks-sync.md."""
    with tempfile.TemporaryDirectory(prefix="hotspare-bench-") as folder, Namespaces() as namespaces:
        alpha, beta = build_sync_pair(namespaces, Path(folder))
        exchange_keys(alpha, beta)
        _start_plain_server(alpha, beta)
        ours, plain, verified = _measure(alpha, beta, Path(folder), runs)
    rows = [
        Row("1 MB changed, verified", Figure(tuple(ours)), Figure(tuple(verified)), TARGET),
        Row("the same, beside rsync unverified", Figure(tuple(ours)), Figure(tuple(plain)), TARGET),
    ]
    rows += hotwire_rows(runs)
    text = INTRODUCTION.format(machine=machine(), runs=runs, files=FILES, size=FILES * SIZE / 1e6)
    text += table(("", "Hotspare", "rsync over SSH", "ratio", "target"), rows)
    print(text)
    PAGE.write_text(text)


def _measure(
    alpha: SyncBox, beta: SyncBox, folder: Path, runs: int
) -> tuple[list[float], list[float], list[float]]:
    ours, plain, verified = [], [], []
    there = beta.folder / "copy"
    for number in range(runs + 1):
        tree = _tree(folder / f"tree{number}", number)
        _done(alpha, *alpha.hactl_command("config", "apply", str(tree)))
        sync = alpha.hactl_command("config", "sync", "--to-peer", "--yes")
        copy = _rsync(alpha, tree, there)
        one = seconds_of(lambda: _done(alpha, *sync))  # noqa: B023 (called at once)
        other = seconds_of(lambda: _done(alpha, *copy))  # noqa: B023
        again = seconds_of(lambda: _done(alpha, *copy, "--checksum"))  # noqa: B023
        if number == 0:
            continue  # Caches are warm from here on.
        ours.append(one)
        plain.append(other)
        verified.append(other + again)
        say(f"run {number}: {one:.2f} s, rsync {other:.2f} s, verified {other + again:.2f} s")
    return ours, plain, verified


def _tree(folder: Path, seed: int) -> Path:
    """A whole configuration; another seed, another content in every file."""
    chance = random.Random(seed)  # noqa: S311 (content to measure with)
    (folder / "cluster.d").mkdir(parents=True)
    (folder / "cluster.toml").write_text(_CLUSTER)
    for number in range(FILES):
        (folder / f"cluster.d/list-{number}.txt").write_text(chance.randbytes(SIZE // 2).hex())
    return folder


def _start_plain_server(alpha: SyncBox, beta: SyncBox) -> None:
    """An ordinary sshd beside ours, for rsync."""
    key = (alpha.state / "identity/ssh_ed25519.pub").read_text()
    beta.command("sh", "-c", 'printf %s "$1" > /run/plain.keys', "sh", key)
    options = ("PermitRootLogin=prohibit-password", "AuthorizedKeysFile=/run/plain.keys", "PidFile=none")
    named = [part for option in options for part in ("-o", option)]
    host_key = str(beta.state / "identity/ssh_ed25519")
    beta.start("/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", _RSYNC_PORT, "-h", host_key, *named)


def _rsync(alpha: SyncBox, tree: Path, there: Path) -> list[str]:
    identity = alpha.state / "identity"
    ssh = (
        f"ssh -F /dev/null -p {_RSYNC_PORT} -i {identity}/ssh_ed25519 -o BatchMode=yes "
        f"-o HostKeyAlias=hotspare-peer -o UserKnownHostsFile={identity}/known_hosts"
    )
    return ["rsync", "-a", "--delete", "--fsync", "-e", ssh, f"{tree}/", f"root@{ADDRESS['beta']}:{there}/"]


def _done(box: SyncBox, *command: str) -> None:
    done = box.command(*command)
    if done.returncode:
        raise FirmwareError(f"{command[0]}: {done.stderr.strip()}", where=sys.argv[0], todo="see the message")
