"""The cluster is deactivated and activated on both nodes over a real SSH server, or on neither."""

from firmware.lab.sync_box import SyncBox

from .test_sync_config import CLUSTER, boxes, cluster, head

__all__ = ["boxes"]


def test_both_change_or_neither(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    assert beta.hactl("config", "sync", "--from-peer", "--yes").returncode == 0
    done = alpha.hactl("config", "deactivate", stdin="n\n")
    assert done.returncode == 1
    assert [cluster(box) for box in boxes] == [CLUSTER, CLUSTER]
    done = alpha.hactl("config", "deactivate", "--yes")
    assert done.returncode == 0, done.stderr
    assert ["enabled = false" in cluster(box) for box in boxes] == [True, True]
    assert head(alpha) == head(beta)
    done = beta.hactl("config", "activate")
    assert done.returncode == 0, done.stderr
    assert ["enabled = true" in cluster(box) for box in boxes] == [True, True]
    assert head(alpha) == head(beta)


def test_without_the_other_node_it_is_refused_but_for_this_one_alone(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    assert beta.hactl("config", "sync", "--from-peer", "--yes").returncode == 0
    alpha.cable(up=False)
    done = alpha.hactl("config", "deactivate", "--yes")
    assert done.returncode == 1
    assert "cannot be reached over the hotwire" in done.stderr
    assert [cluster(box) for box in boxes] == [CLUSTER, CLUSTER]
    done = alpha.hactl("config", "deactivate", "--yes", "--here")
    assert done.returncode == 0, done.stderr
    assert ["enabled = false" in cluster(box) for box in boxes] == [True, False]
