"""The files of pairs go from the administrator's machine to their nodes, over SSH."""
