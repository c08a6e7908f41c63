"""Settings on the scene (``scene.mouthpiece``) and the state of a running bake on the window manager."""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from functools import cache, lru_cache

import bpy

from .preferences import DEVICES
from .rigs.character import same_character
from .rigs.detect import detect
from .rigs.flame import flame_names
from .rigs.mapping import AXES, CHANNELS
from .rigs.scene_read import find_table, find_target
from .rigs.scene_read.flame import carrier
from .rigs.scene_sequencer import assign, spoken_by

MEASURES = ("Openness", "Width", "Asymmetry", "Brows", "Blinks", "Closures")
"""What the summary of a reference shows, in the order of its measures."""
MOVEMENT_COUNT = sum(not name.startswith("head") for name in CHANNELS)
"""Facial movements that a rig can have; the head's turns apart."""
PREVIEW_SIDES = (
    ("BOTH", "In Turns", "Once with the references, once without, and again"),
    ("WITH", "With", "With the references"),
    ("WITHOUT", "Without", "As if there were no references"),
)
LIVE_SOURCES = (
    ("DIALOGUE", "Dialogue", "The chosen dialogue, in time with the playhead"),
    ("MICROPHONE", "Microphone", "Whatever the microphone hears"),
)


def _forget_face(_settings: MouthpieceSettings, context: bpy.types.Context) -> None:
    """What was said of one face holds for no other."""
    state = context.window_manager.mouthpiece
    state.coverage = state.preflight = ""


def _can_be_target(_settings: MouthpieceSettings, item: bpy.types.Object) -> bool:
    return item.type in {"MESH", "ARMATURE", "EMPTY"}


def _can_be_head(_settings: MouthpieceSettings, item: bpy.types.Object) -> bool:
    return item.type in {"ARMATURE", "EMPTY", "MESH"}


def _rename_speaker(member: MouthpieceCastMember, _context: bpy.types.Context) -> None:
    """Strips that were assigned to a character stay so under its new name."""
    before, member.known = member.known, member.name
    rivals = [one for one in member.id_data.mouthpiece.batch.cast if one.name == before]
    if before and member.name and not rivals:
        assign((strip for scene in bpy.data.scenes for strip in spoken_by(scene, before)), member.name)


def _forget_summary(item: MouthpieceReference, _context: bpy.types.Context) -> None:
    item.seconds, item.content, item.concern = 0.0, "", ""


def _let_preview_rest(_owner: bpy.types.bpy_struct, context: bpy.types.Context) -> None:
    """Before this change becomes an undo step, a preview takes its values off the face."""
    state = context.window_manager.mouthpiece
    if state.previewing or state.live:
        bpy.ops.mouthpiece.preview_rest()


def _influence(name: str, parts: str) -> object:
    return bpy.props.FloatProperty(
        name=name,
        description=f"How far the {parts} follow the references; at 0 they move as without any",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=_let_preview_rest,
    )


def _add_dropped(settings: MouthpieceSettings, _context: bpy.types.Context) -> None:
    """What was dropped becomes a reference, and the field is free again."""
    action = settings.reference_drop
    if action is not None:
        settings.reference_drop = None
        with suppress(RuntimeError):  # which the panel shows
            bpy.ops.mouthpiece.reference_add(action=action.name)


class MouthpieceReference(bpy.types.PropertyGroup):
    """One reference performance: an action, or whatever action animates the source object's face."""

    action: bpy.props.PointerProperty(
        name="Action",
        description="Facial animation in the manner to follow",
        type=bpy.types.Action,
        update=_forget_summary,
    )
    source: bpy.props.PointerProperty(
        name="Source",
        description="Object whose facial action or NLA strip is the reference when no action is chosen",
        type=bpy.types.Object,
        update=_forget_summary,
    )
    slot: bpy.props.StringProperty(
        name="Slot",
        description="Slot of the action that holds the face; empty for the best match",
        update=_forget_summary,
    )
    sound: bpy.props.PointerProperty(
        name="Sound", description="What was said in this take (optional)", type=bpy.types.Sound
    )
    sound_frame: bpy.props.FloatProperty(
        name="Sound Start", description="Frame of the action at which the sound starts", default=1.0
    )
    use_range: bpy.props.BoolProperty(
        name="Frame Range", description="Use only a part of the action", update=_forget_summary
    )
    frame_first: bpy.props.FloatProperty(
        name="First", description="First frame of the part", default=1.0, update=_forget_summary
    )
    frame_last: bpy.props.FloatProperty(
        name="Last", description="Last frame of the part", default=250.0, update=_forget_summary
    )
    rate: bpy.props.FloatProperty(
        name="Frame Rate",
        description="Frames a second that the action was made for; 0 for the scene's",
        min=0.0,
        soft_max=120.0,
        update=_forget_summary,
    )
    weight: bpy.props.FloatProperty(
        name="Weight",
        description="Influence among the references",
        default=1.0,
        min=0.0,
        soft_max=2.0,
        update=_let_preview_rest,
    )
    enabled: bpy.props.BoolProperty(
        name="Enabled", description="Follow this reference", default=True, update=_let_preview_rest
    )
    seconds: bpy.props.FloatProperty(
        name="Length", description="Seconds of motion; 0 until somebody looks", unit="TIME_ABSOLUTE"
    )
    measures: bpy.props.FloatVectorProperty(
        name="Measures",
        description="Openness, width, asymmetry, brows, blinks, closures",
        size=len(MEASURES),
    )
    concern: bpy.props.StringProperty(
        name="Concern", description="Why this reference is of little use; empty for a good one"
    )
    content: bpy.props.StringProperty(name="Content", description="Hash of the motion that was looked at")
    share: bpy.props.FloatProperty(
        name="Share",
        description="How much of the last bake this reference gave; negative when unknown",
        default=-1.0,
    )
    course: bpy.props.StringProperty(
        name="Course", description="How this reference's share went over the last bake, as a line of blocks"
    )


TARGET_KINDS = (
    ("SHAPE_KEY", "Shape Key", "A shape key that follows the movement"),
    ("POSE", "Mouth Pose", "A whole mouth (a viseme), blended with the others; gains say what it shows"),
    ("PROPERTY", "Property", "A number on an object: a custom property's name, or a data path"),
    ("BONE", "Bone", "The place, turn or size of a bone along one of its own axes"),
)
BONE_AXES = tuple((axis, axis.replace("_", " ").title(), "") for axis in AXES)
MOVEMENTS = tuple((name, name, "") for name in CHANNELS)


OVERRIDABLE = {"LIBRARY_OVERRIDABLE"}
"""What belongs to a character can be changed where the character comes from a library."""


class MouthpieceMappingEntry(bpy.types.PropertyGroup):
    """One row of a mapping table: a facial movement and what it moves."""

    channel: bpy.props.EnumProperty(
        name="Movement", description="Facial movement to follow", items=MOVEMENTS, override=OVERRIDABLE
    )
    kind: bpy.props.EnumProperty(
        name="Kind", description="What is moved", items=TARGET_KINDS, override=OVERRIDABLE
    )
    owner: bpy.props.PointerProperty(
        name="Object",
        description="Object that is moved; empty for every mesh of the character that has the shape key",
        type=bpy.types.Object,
        override=OVERRIDABLE,
    )
    name: bpy.props.StringProperty(
        name="Target", description="Shape key, bone, property or data path", override=OVERRIDABLE
    )
    bone_axis: bpy.props.EnumProperty(
        name="Axis",
        description="Own axis of the bone",
        items=BONE_AXES,
        default="ROTATION_X",
        override=OVERRIDABLE,
    )
    gain: bpy.props.FloatProperty(
        name="Gain",
        description="How far the target moves for the whole movement (radians for turns of a bone)",
        default=1.0,
        precision=3,
        step=5,
        override=OVERRIDABLE,
    )
    offset: bpy.props.FloatProperty(
        name="Offset", description="Added to the target at all times", precision=3, override=OVERRIDABLE
    )
    invert: bpy.props.BoolProperty(
        name="Invert",
        description="Move most where the face does not; a mouth pose is inverted as a whole",
        override=OVERRIDABLE,
    )
    use_range: bpy.props.BoolProperty(
        name="Range", description="Keep the target within a range", override=OVERRIDABLE
    )
    low: bpy.props.FloatProperty(
        name="Least", description="Lower end of the range", default=0.0, override=OVERRIDABLE
    )
    high: bpy.props.FloatProperty(
        name="Most", description="Upper end of the range", default=1.0, override=OVERRIDABLE
    )
    enabled: bpy.props.BoolProperty(
        name="Enabled", description="Use this row", default=True, override=OVERRIDABLE
    )


class MouthpieceCharacter(bpy.types.PropertyGroup):
    """What belongs to one character rather than to a scene: its mapping table, empty for automatic."""

    entries: bpy.props.CollectionProperty(
        type=MouthpieceMappingEntry, override={"LIBRARY_OVERRIDABLE", "USE_INSERTION"}
    )
    entry_index: bpy.props.IntProperty(
        name="Entry", description="Row shown below the table", override=OVERRIDABLE
    )


class MouthpieceCastMember(bpy.types.PropertyGroup):
    """Somebody who speaks in a batch: a face with its references and mood."""

    name: bpy.props.StringProperty(
        name="Name", description="Who speaks; assigned strips follow another name", update=_rename_speaker
    )
    known: bpy.props.StringProperty(name="Name Before", options={"HIDDEN"})
    target: bpy.props.PointerProperty(
        name="Face",
        description="Mesh, armature or parent of the character",
        type=bpy.types.Object,
        poll=_can_be_target,
    )
    head_target: bpy.props.PointerProperty(
        name="Head",
        description="Empty, object or armature that turns with the head (optional)",
        type=bpy.types.Object,
        poll=_can_be_head,
    )
    head_bone: bpy.props.StringProperty(name="Head Bone", description="Bone of the armature that turns")
    channel: bpy.props.IntProperty(
        name="Channel",
        description="Sequencer channel whose strips this character speaks; 0 for none",
        min=0,
        max=128,
    )
    references: bpy.props.CollectionProperty(type=MouthpieceReference)
    style_strength: bpy.props.FloatProperty(
        name="Style Strength", description="How far to follow the references", default=1.0, min=0.0, max=2.0
    )
    influence_mouth: _influence("Mouth", "lips, jaw, cheeks and tongue")
    influence_brows: _influence("Brows", "brows")
    influence_eyes: _influence("Eyes", "gaze, lids and blinks")
    influence_head: _influence("Head", "head")
    valence: bpy.props.FloatProperty(
        name="Valence", description="Mood of this character; can be keyed", min=-1.0, max=1.0
    )
    arousal: bpy.props.FloatProperty(
        name="Arousal", description="Energy of this character; can be keyed", min=-1.0, max=1.0
    )


BATCH_SOURCES = (
    ("STRIPS", "All Strips", "Every audible sound strip of the sequencer"),
    ("SELECTED", "Selected Strips", "The selected sound strips of the sequencer"),
    ("FOLDER", "Folder", "Every sound of a folder; the names say who speaks"),
    ("MANIFEST", "Manifest", "A table (CSV) that lists sounds and who speaks"),
)


class MouthpieceBatch(bpy.types.PropertyGroup):
    """Many lines at once: which, who speaks them, and where the report goes."""

    source: bpy.props.EnumProperty(name="Lines", description="What to bake", items=BATCH_SOURCES)
    folder: bpy.props.StringProperty(
        name="Folder",
        description="Folder with the sounds",
        subtype="DIR_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    rule: bpy.props.StringProperty(
        name="Names",
        description="How names say who speaks: {character}_*, {character}/{scene}_* and the like",
        default="{character}_*",
    )
    manifest: bpy.props.StringProperty(
        name="Manifest",
        description="Table with the columns id, audio, character and more",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    output: bpy.props.StringProperty(
        name="Output",
        description="Folder for the report, and for what a resumed batch keeps",
        default="//mouthpiece_batch",
        subtype="DIR_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    listening: bpy.props.BoolProperty(
        name="Listening",
        description="Characters blink, look and nod while others speak",
        default=True,
    )
    resume: bpy.props.BoolProperty(
        name="Resume", description="Keep lines that are done and have not changed", default=True
    )
    cast: bpy.props.CollectionProperty(type=MouthpieceCastMember)
    cast_index: bpy.props.IntProperty(name="Character", description="Character shown below the list")


class MouthpieceBatchRow(bpy.types.PropertyGroup):
    """What became of a line, for the panel's table; its name is the line's."""

    status: bpy.props.StringProperty(name="Result")
    reason: bpy.props.StringProperty(name="Reason")


def _intensity(name: str, parts: str) -> object:
    return bpy.props.FloatProperty(
        name=name,
        description=f"How strongly the {parts} move; 1 is as performed",
        default=1.0,
        min=0.0,
        soft_max=2.0,
        max=4.0,
        update=_let_preview_rest,
    )


class MouthpieceOutput(bpy.types.PropertyGroup):
    """How a bake is written."""

    intensity_mouth: _intensity("Mouth", "mouth, jaw and cheeks")
    intensity_brows: _intensity("Brows", "brows")
    intensity_eyes: _intensity("Eyes", "lids and eyes")
    intensity_head: _intensity("Head", "head's turns")
    smoothing: bpy.props.FloatProperty(
        name="Smoothing",
        description="Calm the motion over this many seconds; lips that meet still meet",
        default=0.0,
        min=0.0,
        max=0.5,
        soft_max=0.15,
        precision=3,
        step=1,
        unit="TIME_ABSOLUTE",
        update=_let_preview_rest,
    )
    use_fewer_keys: bpy.props.BoolProperty(
        name="Fewer Keys", description="Leave out keys that the others nearly show, for easier editing"
    )
    tolerance: bpy.props.FloatProperty(
        name="Error",
        description="Greatest error of fewer keys, in parts of a whole movement; shut lips stay exact",
        default=0.01,
        min=0.0005,
        max=0.2,
        precision=4,
        step=0.1,
    )
    seal: bpy.props.BoolProperty(
        name="Shut Lips",
        description="Make the lips of this mesh meet wherever the performance has them meet",
        default=True,
        update=_let_preview_rest,
    )
    start: bpy.props.EnumProperty(
        name="Start",
        description="Where the sound starts in the scene",
        items=(
            ("FRAME", "Sound Start", "At the frame of Sound Start"),
            ("STRIP", "Sequencer", "Where the sequencer's strip plays the sound"),
        ),
    )
    span: bpy.props.EnumProperty(
        name="Range",
        description="Part of the sound to bake; the rest of a former bake stays",
        items=(
            ("ALL", "All", "The whole sound"),
            ("PREVIEW", "Timeline", "The timeline's preview range, else the scene's range"),
            ("FRAMES", "Frames", "From one frame to another"),
        ),
    )
    first: bpy.props.FloatProperty(name="First", description="First frame to bake", default=1.0, step=100)
    last: bpy.props.FloatProperty(name="Last", description="Last frame to bake", default=250.0, step=100)
    layer: bpy.props.EnumProperty(
        name="Layer",
        description="How the bake meets animation that is already there",
        items=(
            ("REPLACE", "Replace", "The bake replaces what lies below it on the NLA"),
            ("ADD", "Add", "The bake is added to your keys and to what lies below it"),
        ),
    )
    blend_in: bpy.props.FloatProperty(
        name="Blend In", description="Frames over which the bake fades in", default=0.0, min=0.0, step=100
    )
    blend_out: bpy.props.FloatProperty(
        name="Blend Out", description="Frames over which the bake fades out", default=0.0, min=0.0, step=100
    )


class MouthpieceSettings(bpy.types.PropertyGroup):
    """What to bake, onto what, in which manner."""

    target: bpy.props.PointerProperty(
        name="Face",
        description="Mesh, armature or parent of the character; empty for the active object",
        type=bpy.types.Object,
        poll=_can_be_target,
        update=_forget_face,
    )
    sound: bpy.props.PointerProperty(name="Dialogue", description="Sound to speak", type=bpy.types.Sound)
    audio_path: bpy.props.StringProperty(
        name="Audio File",
        description="Dialogue file, used when no sound is chosen",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    frame_start: bpy.props.FloatProperty(
        name="Sound Start", description="Scene frame at which the sound starts", default=1.0, step=100
    )
    batch: bpy.props.PointerProperty(type=MouthpieceBatch)
    references: bpy.props.CollectionProperty(type=MouthpieceReference)
    reference_index: bpy.props.IntProperty(name="Reference", description="Reference shown below the list")
    reference_drop: bpy.props.PointerProperty(
        name="Add Action",
        description="Drop an action of this file here, from the Asset Browser or the Outliner, to follow it; "
        "for those of other files use Selected Assets",
        type=bpy.types.Action,
        update=_add_dropped,
    )
    style_strength: bpy.props.FloatProperty(
        name="Style Strength",
        description="How far to follow the references: 0 ignores them, above 1 exaggerates their manner",
        default=1.0,
        min=0.0,
        max=2.0,
        soft_max=1.0,
        update=_let_preview_rest,
    )
    influence_mouth: _influence("Mouth", "lips, jaw, cheeks and tongue")
    influence_brows: _influence("Brows", "brows")
    influence_eyes: _influence("Eyes", "gaze, lids and blinks")
    influence_head: _influence("Head", "head")
    valence: bpy.props.FloatProperty(
        name="Valence",
        description="Mood, from unpleasant to pleasant; can be keyed",
        min=-1.0,
        max=1.0,
        update=_let_preview_rest,
    )
    arousal: bpy.props.FloatProperty(
        name="Arousal",
        description="Energy, from drowsy to excited; can be keyed",
        min=-1.0,
        max=1.0,
        update=_let_preview_rest,
    )
    seed: bpy.props.IntProperty(
        name="Seed",
        description="Another number gives another performance of the same line",
        min=0,
        update=_let_preview_rest,
    )
    device: bpy.props.EnumProperty(name="Device", description="Where the model runs", items=DEVICES)
    output: bpy.props.PointerProperty(type=MouthpieceOutput)
    whole_frames: bpy.props.BoolProperty(
        name="Whole Frames",
        description="Key every whole frame rather than the exact times of the model (25 a second); lips that "
        "shut between two frames shut at the nearer",
    )
    head_target: bpy.props.PointerProperty(
        name="Head",
        description="Empty, object or armature that turns with the head (optional)",
        type=bpy.types.Object,
        poll=_can_be_head,
    )
    head_bone: bpy.props.StringProperty(name="Head Bone", description="Bone of the armature that turns")


@cache
def _can_listen() -> bool:
    return importlib.util.find_spec("sounddevice") is not None


def _read_microphone(_state: MouthpieceState) -> bool:
    return _can_listen()


def _read_face(_state: MouthpieceState) -> str:
    """One line about the face that a bake would move, "" without one; cheap enough to be drawn."""
    context = bpy.context
    target = find_target(context)
    if target is None:
        return ""
    if table := find_table(context.scene, target):
        rows = sum(row.enabled and bool(row.name) for row in table.mouthpiece.entries)
        return f"{target.name}: {rows} row{'s' * (rows != 1)} of its mapping" if rows else ""
    keyed = [o for o in context.scene.objects if o.type == "MESH" and o.data.shape_keys is not None]
    meshes = [mesh for mesh in keyed if same_character(mesh, target)]
    names = tuple((m.name, tuple(b.name for b in m.data.shape_keys.key_blocks[1:])) for m in meshes)
    bones = tuple(tuple(rig.pose.bones.keys()) if rig else () for rig in map(carrier, meshes))
    return _recognised(target.name, names, bones)


def table_of(context: bpy.types.Context) -> bpy.types.Object | None:
    """The object of the chosen character that holds a mapping table; the face itself where none does."""
    target = find_target(context)
    return target and (find_table(context.scene, target) or target)


@lru_cache(maxsize=32)
def _recognised(
    name: str, meshes: tuple[tuple[str, tuple[str, ...]], ...], bones: tuple[tuple[str, ...], ...]
) -> str:
    if any(flame_names(keys, rig) for (_, keys), rig in zip(meshes, bones, strict=True)):
        return f"{name}: a FLAME head"
    found = detect(dict(meshes))
    covered = {channel for mapping in found.meshes.values() for channel in mapping.matched}
    if found.poses:
        return f"{name}: {len(found.poses)} mouth shapes, {len(covered)} other movements"
    return f"{name}: {len(covered)} of {MOVEMENT_COUNT} movements" if covered else ""


class MouthpieceState(bpy.types.PropertyGroup):
    """What the panel shows of the work in hand; never saved, outside the undo history."""

    running: bpy.props.BoolProperty(name="Running", options={"SKIP_SAVE"})
    progress: bpy.props.FloatProperty(name="Progress", min=0.0, max=1.0, options={"SKIP_SAVE"})
    cancel_requested: bpy.props.BoolProperty(name="Cancel Requested", options={"SKIP_SAVE"})
    status: bpy.props.StringProperty(name="Status", options={"SKIP_SAVE"})
    failed: bpy.props.BoolProperty(name="Failed", options={"SKIP_SAVE"})
    batch_rows: bpy.props.CollectionProperty(type=MouthpieceBatchRow)
    batch_index: bpy.props.IntProperty(name="Line", description="Line shown below the table")
    batch_report: bpy.props.StringProperty(name="Report", options={"SKIP_SAVE"})
    batch_left: bpy.props.StringProperty(name="Time Left", options={"SKIP_SAVE"})
    coverage: bpy.props.StringProperty(name="Coverage", options={"SKIP_SAVE"})
    preflight: bpy.props.StringProperty(name="Pre-flight", options={"SKIP_SAVE"})
    face: bpy.props.StringProperty(
        name="Recognised", description="What a bake would move; empty without a face", get=_read_face
    )
    microphone: bpy.props.BoolProperty(
        name="Microphone", description="Whether this Blender can listen", get=_read_microphone
    )
    previewing: bpy.props.BoolProperty(name="Previewing", options={"SKIP_SAVE"})
    preview_side: bpy.props.EnumProperty(
        name="Compare", description="What the preview plays", items=PREVIEW_SIDES, options={"SKIP_SAVE"}
    )
    preview_seconds: bpy.props.FloatProperty(
        name="Length",
        description="Seconds of the dialogue to play, from the playhead on",
        default=4.0,
        min=1.0,
        soft_max=15.0,
        max=60.0,
        options={"SKIP_SAVE"},
    )
    preview_now: bpy.props.StringProperty(name="Playing", options={"SKIP_SAVE"})
    live: bpy.props.BoolProperty(name="Live", options={"SKIP_SAVE"})
    live_source: bpy.props.EnumProperty(
        name="Source", description="What the face speaks", items=LIVE_SOURCES, options={"SKIP_SAVE"}
    )
    live_now: bpy.props.StringProperty(name="Live Now", options={"SKIP_SAVE"})


CLASSES = (
    MouthpieceMappingEntry,
    MouthpieceCharacter,
    MouthpieceReference,
    MouthpieceCastMember,
    MouthpieceBatch,
    MouthpieceBatchRow,
    MouthpieceOutput,
    MouthpieceSettings,
    MouthpieceState,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Object.mouthpiece = bpy.props.PointerProperty(type=MouthpieceCharacter, override=OVERRIDABLE)
    bpy.types.Scene.mouthpiece = bpy.props.PointerProperty(type=MouthpieceSettings)
    bpy.types.WindowManager.mouthpiece = bpy.props.PointerProperty(type=MouthpieceState)
    bpy.types.Strip.mouthpiece_character = bpy.props.StringProperty(
        name="Character", description="Who speaks the strip; empty to let its channel decide"
    )


def unregister() -> None:
    del bpy.types.Strip.mouthpiece_character
    del bpy.types.WindowManager.mouthpiece
    del bpy.types.Scene.mouthpiece
    del bpy.types.Object.mouthpiece
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
