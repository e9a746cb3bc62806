"""The cluster is deactivated and activated on both nodes over a real SSH server, or on neither."""

import base64

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


def test_without_keys_it_is_refused_and_a_secret_is_enough_to_begin_again(
    boxes: tuple[SyncBox, SyncBox],
) -> None:
    """As a pair from preseeds is: it has the hotwire's secret, and no keys."""
    alpha, _ = boxes
    alpha.apply(CLUSTER)
    alpha.hactl("key", "revoke")
    done = alpha.hactl("config", "deactivate", "--yes")
    assert done.returncode == 1
    assert "pair them (`hactl pair`), or change this node alone (`--here`)" in done.stderr
    assert cluster(alpha) == CLUSTER
    assert alpha.hactl("config", "deactivate", "--yes", "--here").returncode == 0
    refused = alpha.hactl("config", "activate", "--here")
    assert "before the nodes hold each other's keys" in refused.stderr
    secret = alpha.state / "hotwire.key"
    secret.write_text(base64.b64encode(bytes(32)).decode())
    secret.chmod(0o600)
    done = alpha.hactl("config", "activate", "--here")
    assert done.returncode == 0, done.stderr
    assert "enabled = true" in cluster(alpha)
