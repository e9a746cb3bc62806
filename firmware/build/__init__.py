"""The image builder: from a board's folder to a bootable disk image and a signed update bundle.

`image.build_image` is the entry. Everything else is a stage it calls, or what stages share.
An engine (`debian`) fills `TARGET_DIR` and puts kernel and initrd into `BINARIES_DIR`; the stages after
it know nothing of the engine, so that another one can stand beside it.
"""
