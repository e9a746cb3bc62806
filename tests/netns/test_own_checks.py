"""The administrator's own checks: a pair goes to the node on which they are good, and tells what is not."""

from .pair import Pair
from .test_hactl import hactl
from .waiting import wait_for


def test_a_pair_moves_to_the_node_whose_check_is_good(pair: Pair) -> None:
    for each in (pair.alpha, pair.beta):
        ready = each.state_folder / "ready"
        each.cluster += (
            f'[[checks]]\nname = "ready"\nfile = "{ready}"\ninterval = "100ms"\ntimeout = "100ms"\nrise = 1\n'
        )
        each.state_folder.mkdir(parents=True, exist_ok=True)
        ready.touch()
    pair.start()
    (pair.alpha.state_folder / "ready").unlink()
    pair.wait_holder(pair.beta)
    pair.alpha.wait_state("backup")
    status = pair.alpha.status()["status"]
    (check,) = status["checks"]
    said = f"there is no {pair.alpha.state_folder}/ready"
    assert (check["good"], check["failed"], check["said"]) == (False, True, said)
    assert status["score"]["failed_checks"] == 1
    assert "check-failed" in [problem["kind"] for problem in status["problems"]]
    assert f"check ready: FAILED ({said})" in hactl(pair.alpha, "status").stdout
    (pair.alpha.state_folder / "ready").touch()
    pair.wait_holder(pair.alpha)
    wait_for("no problem is left", lambda: pair.alpha.status()["status"]["problems"] == [], within=5)
