"""``make demo``: build the character, let her speak, bake, save the .blend, film and plot.

Writes ``demo.blend``, ``demo.mp4``, ``contact.png`` and ``plot.png`` (and ``keys.png`` on request) into the
output folder, all at the end and only when everything went well; Blender's chatter is in ``blender.log``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from ..inference.errors import MouthpieceError


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mouthpiece.demo", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="folder for the results")
    parser.add_argument("--audio", type=Path, help="your own dialogue instead of the demo's")
    parser.add_argument(
        "--reference", action="append", default=[], metavar="TAKE[:AUDIO]", help="your own takes"
    )
    parser.add_argument("--size", type=int, help="side of the film in pixels (512, with Cycles 256)")
    parser.add_argument("--film-seconds", type=float, default=30.0, help="film at most this much")
    parser.add_argument("--engine", choices=("auto", "workbench", "cycles"), default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keys", action="store_true", help="also picture each of the 52 shape keys")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    try:
        import bpy  # noqa: F401
    except ImportError:
        print("The demo needs Blender as a module: run it through 'make demo'.", file=sys.stderr)
        return 2
    from .console import Console
    from .produce import produce

    console = Console()
    try:
        out = options.out.resolve()
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".making-") as folder:
            log = out / "blender.log"
            log.unlink(missing_ok=True)
            with console.quiet(log):
                produce(options, Path(folder), console)
            for made in sorted(Path(folder).glob("[!.]*.*")):
                os.replace(made, out / made.name)
                console.say(f"wrote {out / made.name}")
    except MouthpieceError as error:
        print(f"The demo stopped: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"The demo cannot write into {options.out}: {error}", file=sys.stderr)
        return 2
    return 0


def leave(code: int) -> None:
    """End at once: once Workbench has rendered, Blender 4.5 as a module hangs in its own exit handlers."""
    if "bpy" in sys.modules:
        shutil.rmtree(sys.modules["bpy"].app.tempdir, ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main())
