"""``blender --command mouthpiece …``: the command line from inside Blender, with Blender's own Python."""

from __future__ import annotations

import bpy


def execute(arguments: list[str]) -> int:
    """Run the verbs of ``python -m mouthpiece`` and return their exit code.

    A batch that needs Blender uses this one, unless another is named.
    """
    from ..__main__ import main

    if arguments[:1] == ["batch"] and bpy.app.binary_path:
        arguments = ["batch", "--blender", bpy.app.binary_path, *arguments[1:]]
    try:
        return main(arguments)
    except SystemExit as end:  # argparse's way to say that the options are wrong, or that help was shown
        return end.code if isinstance(end.code, int) else int(end.code is not None)


_handles: list[object] = []
"""What Blender wants back to forget the command."""


def register() -> None:
    _handles.append(bpy.utils.register_cli_command("mouthpiece", execute))


def unregister() -> None:
    bpy.utils.unregister_cli_command(_handles.pop())
