"""A file by HTTP, onto the disk. Its reader decides whether to believe it: bundles are signed."""

import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from hadaemon.io.firmware.bundle_file import BundleError, check_space

_CHUNK = 1 << 20
_SILENCE = 60.0
"""Seconds."""
_MAX_SIZE = 4 << 30


def download(url: str, target: Path, progress: Callable[[int], None]) -> None:
    """Makes a copy; does not wait for the disk. Raises BundleError; then there is no copy."""
    try:
        if not url.startswith(("http://", "https://")):
            raise BundleError(f"{url}: is no URL that can be fetched")
        answer = urllib.request.urlopen(url, timeout=_SILENCE)  # noqa: S310 - looked at above
        with answer, target.open("wb", buffering=0) as out:
            size = int(answer.headers.get("Content-Length") or 0)
            check_space(target.parent, size)
            done = 0
            while chunk := answer.read(_CHUNK):
                done += len(chunk)
                if done > _MAX_SIZE:
                    raise BundleError(f"{url}: is larger than any bundle")
                view = memoryview(chunk)
                while view:
                    view = view[out.write(view) :]
                progress(min(100, 100 * done // size) if size else 0)
    except (OSError, ValueError, BundleError) as error:
        target.unlink(missing_ok=True)
        if isinstance(error, BundleError):
            raise
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise BundleError(f"{url}: cannot be fetched: {reason}") from error
