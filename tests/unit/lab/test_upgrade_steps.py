"""How long each step of a pair's upgrade took, by what both nodes noted."""

from firmware.lab.upgrade import Note, Step, steps

RUN = [
    (0, "alpha", "begins: beta first, then alpha; 1.0.0 runs on both"),
    (1, "beta", "begins: beta first, then alpha; 1.0.0 runs on both"),
    (2, "beta", "installs 2.0.0"),
    (62, "beta", "restarts into 2.0.0"),
    (100, "beta", "goes on"),
    (110, "beta", "kept"),
    (111, "alpha", "beta has kept it"),
    (130, "alpha", "handed over: this node is about to restart into 2.0.0"),
    (160, "alpha", "installs 2.0.0"),
    (220, "alpha", "restarts into 2.0.0"),
    (260, "alpha", "goes on"),
    (270, "alpha", "kept"),
    (271, "alpha", "committed: both nodes run 2.0.0"),
    (272, "beta", "committed: both nodes run 2.0.0"),
    (280, "beta", "handed over: alpha is preferred"),
    (281, "beta", "is over, committed: both nodes are on 2.0.0"),
    (282, "alpha", "is over, committed: both nodes are on 2.0.0"),
]
WHOLE = {
    "goes on": "firmware upgrade 2 to 2.0.0 goes on: 2.0.0 runs after a restart",
    "kept": "firmware 2.0.0 in slot B is good, and is kept",
}
STEPS = [
    Step("the plan is on both nodes", 2),
    Step("beta installs and verifies", 60),
    Step("beta restarts on trial", 38),
    Step("beta proves to be well", 10),
    Step("beta gets every connection; alpha hands over", 20),
    Step("beta soaks", 30),
    Step("alpha installs and verifies", 60),
    Step("alpha restarts on trial", 40),
    Step("alpha proves to be well", 11),
    Step("alpha gets every connection; with preempt beta hands back", 9),
    Step("nothing is left to do", 2),
]


def notes(run: list[tuple[int, str, str]], since: float = 0.0) -> list[Note]:
    return [
        Note(since + at, node, WHOLE.get(text, f"firmware upgrade 2 to 2.0.0: {text}"))
        for at, node, text in run
    ]


def test_each_step_lasts_until_the_next_one_and_together_they_are_all_of_it():
    found = list(steps(notes(RUN), "beta", "alpha", "2.0.0"))
    assert found == STEPS
    assert sum(step.seconds for step in found) == RUN[-1][0]


def test_an_earlier_upgrade_to_the_same_version_does_not_count():
    twice = [*notes(RUN), *notes(RUN, since=5000.0)]
    assert list(steps(twice, "beta", "alpha", "2.0.0")) == STEPS


def test_a_step_that_was_not_needed_is_left_out():
    """Without preemption nobody hands back."""
    kept = [line for line in RUN if "is preferred" not in line[2]]
    assert list(steps(notes(kept), "beta", "alpha", "2.0.0"))[-1] == Step(
        "alpha gets every connection; with preempt beta hands back", 11
    )
