"""What an artist does on the first day, by mouse and keyboard in a real window; says what came of it.

Runs inside Blender, see ``drive``. Places are those of a window of 1280 x 800 with the factory theme, y up,
and can be read off the screenshots that it takes.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bpy
from drive import (
    HERE,
    Steps,
    click,
    drag,
    found,
    key,
    keys,
    open_tab,
    redraw,
    run,
    settings,
    shot,
    state,
    until,
    wait_and_watch,
)

FACE = (525, 470)
SOUND_LIST, FIRST_SOUND = (792, 583), (830, 549)
BAKE = (890, 551)
BAKE_WITH_FILE = (890, 530)
REFERENCES = (835, 514)
STRENGTH = 152
"""Height of the slider below the references' summary while a preview plays."""


def scenario() -> Steps:
    """Every part in turn, in one window."""
    yield from open_tab()
    shot("empty")
    bpy.data.sounds.load(str(HERE / "dialogue.flac"))
    yield from three_clicks()
    yield from undo_and_cancel()
    yield from an_error()
    yield from references()
    yield from preview()
    yield from live()


def tracks() -> list[str]:
    """Names of the NLA tracks on the face."""
    data = bpy.data.objects["Face"].data.shape_keys.animation_data
    return [track.name for track in data.nla_tracks] if data else []


def three_clicks() -> Steps:
    """The face, the sound (from its list), Bake."""
    bpy.ops.ed.undo_push(message="start")
    yield from click(*FACE)
    yield from click(*SOUND_LIST)
    yield from click(*FIRST_SOUND)
    found["sound"] = settings().sound.name
    found["recognised"] = state().face
    shot("detected")
    yield from click(*BAKE)
    yield from until(lambda: state().running and state().progress > 0.2, 60, "a bake with progress")
    shot("baking")
    yield from wait_and_watch(lambda: not state().running, 120, "baking")
    yield 1.5
    shot("finished")
    found["baked"], found["baked tracks"] = state().status, tracks()


def undo_and_cancel() -> Steps:
    """One undo takes the bake and its message away; Esc stops another before anything is written."""
    yield from key("Z", ctrl=True)
    yield 0.5
    found["after undo"] = {"status": state().status, "tracks": tracks(), "sound": bool(settings().sound)}
    yield from click(*BAKE)
    yield from until(lambda: state().running and state().progress > 0.1, 60, "another bake")
    yield from key("ESC")
    yield from until(lambda: not state().running, 10, "the end after Esc")
    yield 0.3
    found["after Esc"] = {"status": state().status, "tracks": tracks(), "actions": len(bpy.data.actions)}


def an_error() -> Steps:
    """A sound that is gone: the panel says which and what to do."""
    good = settings().sound
    settings().sound, settings().audio_path = None, "//gone.wav"
    bpy.ops.mouthpiece.status_clear()
    yield from redraw()
    yield from click(*BAKE_WITH_FILE)
    yield 1.5
    shot("error")
    found["error shown"] = {"status": state().status, "failed": state().failed}
    settings().sound, settings().audio_path = good, ""
    bpy.ops.mouthpiece.status_clear()
    yield from key("ESC")  # the report's popup would take the next click
    yield from redraw()


def references() -> Steps:
    """Two captured takes with their sounds, and what each brings."""
    bpy.ops.mouthpiece.reference_import(
        directory=str(HERE), files=[{"name": "broad.csv"}, {"name": "mumble.csv"}]
    )
    bpy.ops.mouthpiece.status_clear()
    yield from redraw()
    yield from click(*REFERENCES)
    yield 1.5
    shot("references")
    found["references"] = [(item.name, item.concern, list(item.measures)) for item in settings().references]


def preview() -> Steps:
    """The face moves, a slider pulled meanwhile makes a clean undo step, Esc puts everything back."""
    before = keys()
    bpy.ops.ed.undo_push(message="before the preview")
    bpy.ops.mouthpiece.preview_style("INVOKE_DEFAULT")
    yield from until(lambda: state().preview_now.startswith("With"), 60, "a preview")
    moved: set[float] = set()
    for _ in range(40):
        moved.add(round(keys()["jawOpen"], 4))
        yield 0.05
    shot("preview")
    found["preview"] = {"jaw values": len(moved), "says": state().preview_now}
    yield from drag(870, STRENGTH, 800)
    found["strength pulled"] = settings().style_strength
    yield 1.0
    found["still previewing"] = state().previewing
    yield from key("ESC")
    yield 0.5
    found["preview left"] = {"status": state().status, "same": keys() == before, "tracks": tracks()}
    yield from key("Z", ctrl=True)
    yield 0.5
    found["undone once"] = {"strength": settings().style_strength, "same": keys() == before}
    yield from key("Z", ctrl=True, shift=True)
    yield 0.5
    found["redone"] = {"strength": settings().style_strength, "same": keys() == before}


def live() -> Steps:
    """The timeline plays and the face speaks, fast enough; Esc, and it is as before."""
    before = keys()
    bpy.context.scene.frame_set(1)
    bpy.ops.mouthpiece.live_toggle("INVOKE_DEFAULT")
    yield from until(lambda: "ahead" in state().live_now, 60, "a live preview")
    yield from until(lambda: " 1.0 s ahead" in state().live_now, 60, "a second ahead")
    bpy.ops.screen.animation_play()
    moved: set[float] = set()
    for _ in range(60):
        moved.add(round(keys()["jawOpen"], 4))
        yield 0.05
    found["live"] = {
        "jaw values": len(moved),
        "says": state().live_now,
        "frame": bpy.context.scene.frame_current,
    }
    shot("live")
    bpy.ops.screen.animation_cancel(restore_frame=False)
    yield from key("ESC")
    yield 0.5
    found["live left"] = {"status": state().status, "live": state().live, "same": keys() == before}


run(scenario)
