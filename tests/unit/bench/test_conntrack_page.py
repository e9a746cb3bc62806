"""The page of the connections is whole: a run of minutes must not end in a page that cannot be written."""

from firmware.bench.conntrack.command import Results, page, rows_of


def test_the_page_has_a_row_for_each_figure():
    ours = Results([0.01], [100.0], [5.0, 7.0], [0.6], 0, [20.0])
    peer = Results([0.02], [90.0], [50.0], [], 10, [3.0])
    text = page(1, rows_of(100, ours, peer))
    assert "{" not in text
    assert "| 100 connections: lost | 0 | 10 |" in text
    assert "| 100 connections: real ones that live | 20 | 3 |" in text
    assert "| 100 connections: announced | 0.6 ms |" in text
