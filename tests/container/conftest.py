"""The image as containers: started once, and shared by the tests that leave it as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.lab.images import raw_image
from firmware.lab.topology import STANDARD_PAIR

from .pair import ContainerPair, containers

BOARD = "generic-x86_64"


@pytest.fixture(scope="session")
def image() -> Path:
    return raw_image(BOARD)


@pytest.fixture(scope="session")
def image_pair(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerPair]:
    """Alpha active and beta its backup, right after their start."""
    with containers(image, STANDARD_PAIR, tmp_path_factory.mktemp("pair")) as pair:
        pair.wait_ready()
        yield pair


@pytest.fixture
def pair(image_pair: ContainerPair) -> ContainerPair:
    """The shared pair, as it should be."""
    image_pair.wait_ready()
    return image_pair
