"""Board hooks: scripts with Buildroot's environment, run in the tools tree on the host's paths.

`post-build.sh` gets TARGET_DIR as its first argument, `post-image.sh` gets BINARIES_DIR, as in Buildroot.
"""

from pathlib import Path

from firmware.build.context import Context

WITHOUT = ("sys_admin", "sys_ptrace", "sys_rawio", "sys_module", "mknod", "dac_read_search")
"""Capabilities that a hook does not get: with them it could look behind what hides the signing keys."""
_AS_HOOK = (
    "setpriv",
    f"--bounding-set={','.join(f'-{name}' for name in WITHOUT)}",
    "--inh-caps=-all",
)


def run_hooks(context: Context, name: str, argument: Path) -> None:
    """Run the hook `name` of common and then of the board, where they have one."""
    for folder in context.board.folders:
        script = folder / name
        if script.exists():
            context.tools.run(
                *(*_AS_HOOK, "sh", "-eu", script, argument),
                env=hook_environment(context, folder),
                cwd=context.root,
            )


def hook_environment(context: Context, folder: Path) -> dict[str, str]:
    """Buildroot's variables. BR2_CONFIG names a file of `NAME="value"` lines, as there."""
    build = context.work / "build"
    build.mkdir(exist_ok=True)
    config = build / ".config"
    config.write_text(f'BR2_ARCH="x86_64"\nBR2_x86_64=y\nHOTSPARE_BOARD="{context.board.name}"\n')
    return {
        "BR2_CONFIG": str(config),
        "TARGET_DIR": str(context.target),
        "BINARIES_DIR": str(context.binaries),
        "BUILD_DIR": str(build),
        "BASE_DIR": str(context.work),
        "HOST_DIR": "/usr",
        "STAGING_DIR": str(context.target),
        "BOARD_DIR": str(folder),
        "SOURCE_DATE_EPOCH": str(context.epoch),
    }
