"""A disk that gets full in the middle of a build: one message with the place, and nothing half-written."""

from collections.abc import Callable
from pathlib import Path

from .conftest import Built

Failure = Callable[..., str]


def small_disk(place: Path, mebibytes: int, *kept: str) -> str:
    """Mounts over `place` a disk of that size, on which the `kept` folders stay where they really are."""
    aside = place.with_name("aside")
    aside.mkdir(exist_ok=True)
    lines = [f"mount --bind {place} {aside}", f"mount -t tmpfs -o size={mebibytes}M tmpfs {place}"]
    for name in kept:
        lines += [f"mkdir {place}/{name}", f"mount --bind {aside}/{name} {place}/{name}"]
    return "\n".join(lines)


def test_the_cache_gets_full_after_the_layers(failure: Failure, built: Built, cache: Path) -> None:
    checkout = built.checkout
    before = results(checkout)
    for mebibytes in (10, 60, 150, 300):
        disk = small_disk(cache, mebibytes, "layers", "packages", "keys")
        text = failure(checkout, mounts=disk, version=f"on-{mebibytes}", unchecked_space=True)
        tells(text, cache)
        assert results(checkout) == before


def test_the_cache_gets_full_while_packages_come(failure: Failure, checkout: Path, cache: Path) -> None:
    disk = small_disk(cache, 150, "packages")
    tells(failure(checkout, mounts=disk, unchecked_space=True), cache)
    assert results(checkout) == []


def test_the_disk_of_the_results_gets_full(failure: Failure, built: Built, tmp_path: Path) -> None:
    checkout = built.checkout
    images, listing = checkout / "images", tmp_path / "listing"
    # The small disk goes with its namespace: what is left on it is told in there, after the build.
    after = f'status=0; "$@" || status=$?; find {images} -type f > {listing}; exit $status'
    text = failure(checkout, mounts=f"{small_disk(images, 150)}\n{after}", version="other")
    tells(text, images)
    assert listing.read_text() == ""


def tells(text: str, place: Path) -> None:
    assert "there is no space left on the device" in text
    assert str(place) in text
    assert "free some space" in text
    assert "Traceback" not in text


def results(checkout: Path) -> list[str]:
    return sorted(path.name for path in (checkout / "images").rglob("*") if path.is_file())
