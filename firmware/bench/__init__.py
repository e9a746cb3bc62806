"""Benchmarks: ours and the peer side by side, in one run on one machine."""

from firmware.errors import FirmwareError


def run_bench(subject: str, runs: int) -> None:
    """Measure `subject` that many times and write its page in docs/."""
    if runs < 1:
        raise FirmwareError("nothing would be measured", where="--runs", todo="give a number from 1 on")
    if subject != "build":
        raise FirmwareError(f"there is no benchmark {subject!r}", where="bench", todo="choose one of: build")
    from firmware.bench.build import bench_build

    bench_build(runs)
