"""Where things are: the checkout's own folders and the one cache beside them."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "images"
REPORTS = IMAGES / "reports"
"""What tests have found, for people; not in git either."""
BOARD = ROOT / "board"
REQUIREMENTS = ROOT / "requirements"
ARTIFACTS = ROOT / "test-artifacts"
CACHE = Path(os.environ.get("HOTSPARE_CACHE", ROOT / ".cache")).resolve()
LOGS = CACHE / "logs"
