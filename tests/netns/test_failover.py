from .pair import Pair


def test_two_daemons_elect_the_master(pair: Pair) -> None:
    pair.start()
    assert pair.alpha.status()["status"]["role"] == "master"
