"""Settings on the scene (``scene.mouthpiece``) and the state of a running bake on the window manager."""

from __future__ import annotations

import bpy

from .preferences import DEVICES
from .rigs.mapping import AXES, CHANNELS

MEASURES = ("Openness", "Width", "Asymmetry", "Brows", "Blinks", "Closures")
"""What the summary of a reference shows, in the order of its measures."""


def _forget_coverage(_settings: MouthpieceSettings, context: bpy.types.Context) -> None:
    context.window_manager.mouthpiece.coverage = ""


def _can_be_target(_settings: MouthpieceSettings, item: bpy.types.Object) -> bool:
    return item.type in {"MESH", "ARMATURE", "EMPTY"}


def _can_be_head(_settings: MouthpieceSettings, item: bpy.types.Object) -> bool:
    return item.type in {"ARMATURE", "EMPTY", "MESH"}


def _forget_summary(item: MouthpieceReference, _context: bpy.types.Context) -> None:
    item.seconds, item.content, item.concern = 0.0, "", ""


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
        name="Weight", description="Influence among the references", default=1.0, min=0.0, soft_max=2.0
    )
    enabled: bpy.props.BoolProperty(name="Enabled", description="Use this reference", default=True)
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


TARGET_KINDS = (
    ("SHAPE_KEY", "Shape Key", "A shape key that follows the movement"),
    ("POSE", "Mouth Pose", "A whole mouth (a viseme), blended with the others; gains say what it shows"),
    ("PROPERTY", "Property", "A number on an object: a custom property's name, or a data path"),
    ("BONE", "Bone", "The place, turn or size of a bone along one of its own axes"),
)
BONE_AXES = tuple((axis, axis.replace("_", " ").title(), "") for axis in AXES)
MOVEMENTS = tuple((name, name, "") for name in CHANNELS)


class MouthpieceMappingEntry(bpy.types.PropertyGroup):
    """One row of a mapping table: a facial movement and what it moves."""

    channel: bpy.props.EnumProperty(name="Movement", description="Facial movement to follow", items=MOVEMENTS)
    kind: bpy.props.EnumProperty(name="Kind", description="What is moved", items=TARGET_KINDS)
    owner: bpy.props.PointerProperty(
        name="Object",
        description="Object that is moved; empty for every mesh of the character that has the shape key",
        type=bpy.types.Object,
    )
    name: bpy.props.StringProperty(name="Target", description="Shape key, bone, property or data path")
    bone_axis: bpy.props.EnumProperty(
        name="Axis", description="Own axis of the bone", items=BONE_AXES, default="ROTATION_X"
    )
    gain: bpy.props.FloatProperty(
        name="Gain",
        description="How far the target moves for the whole movement (radians for turns of a bone)",
        default=1.0,
        precision=3,
        step=5,
    )
    offset: bpy.props.FloatProperty(
        name="Offset", description="Added to the target at all times", precision=3
    )
    invert: bpy.props.BoolProperty(name="Invert", description="Move most where the face does not")
    use_range: bpy.props.BoolProperty(name="Range", description="Keep the target within a range")
    low: bpy.props.FloatProperty(name="Least", description="Lower end of the range", default=0.0)
    high: bpy.props.FloatProperty(name="Most", description="Upper end of the range", default=1.0)
    enabled: bpy.props.BoolProperty(name="Enabled", description="Use this row", default=True)


class MouthpieceCharacter(bpy.types.PropertyGroup):
    """What belongs to one character rather than to a scene: its mapping table, empty for automatic."""

    entries: bpy.props.CollectionProperty(type=MouthpieceMappingEntry)
    entry_index: bpy.props.IntProperty(name="Entry", description="Row shown below the table")


class MouthpieceSettings(bpy.types.PropertyGroup):
    """What to bake, onto what, in which manner."""

    target: bpy.props.PointerProperty(
        name="Face",
        description="Mesh, armature or parent of the character; empty for the active object",
        type=bpy.types.Object,
        poll=_can_be_target,
        update=_forget_coverage,
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
    references: bpy.props.CollectionProperty(type=MouthpieceReference)
    reference_index: bpy.props.IntProperty(name="Reference", description="Reference shown below the list")
    style_strength: bpy.props.FloatProperty(
        name="Style Strength", description="How far to follow the references", default=1.0, min=0.0, max=2.0
    )
    valence: bpy.props.FloatProperty(
        name="Valence", description="Mood, from unpleasant to pleasant; can be keyed", min=-1.0, max=1.0
    )
    arousal: bpy.props.FloatProperty(
        name="Arousal", description="Energy, from drowsy to excited; can be keyed", min=-1.0, max=1.0
    )
    seed: bpy.props.IntProperty(
        name="Seed", description="Another number gives another performance of the same line", min=0
    )
    device: bpy.props.EnumProperty(name="Device", description="Where the model runs", items=DEVICES)
    whole_frames: bpy.props.BoolProperty(
        name="Whole Frames",
        description="Key every whole frame rather than the exact times of the model (25 a second)",
    )
    head_target: bpy.props.PointerProperty(
        name="Head",
        description="Empty, object or armature that turns with the head (optional)",
        type=bpy.types.Object,
        poll=_can_be_head,
    )
    head_bone: bpy.props.StringProperty(name="Head Bone", description="Bone of the armature that turns")


class MouthpieceState(bpy.types.PropertyGroup):
    """What the panel shows of the work in hand; never saved, outside the undo history."""

    running: bpy.props.BoolProperty(name="Running", options={"SKIP_SAVE"})
    progress: bpy.props.FloatProperty(name="Progress", min=0.0, max=1.0, options={"SKIP_SAVE"})
    cancel_requested: bpy.props.BoolProperty(name="Cancel Requested", options={"SKIP_SAVE"})
    status: bpy.props.StringProperty(name="Status", options={"SKIP_SAVE"})
    failed: bpy.props.BoolProperty(name="Failed", options={"SKIP_SAVE"})
    coverage: bpy.props.StringProperty(name="Coverage", options={"SKIP_SAVE"})


CLASSES = (
    MouthpieceMappingEntry,
    MouthpieceCharacter,
    MouthpieceReference,
    MouthpieceSettings,
    MouthpieceState,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Object.mouthpiece = bpy.props.PointerProperty(type=MouthpieceCharacter)
    bpy.types.Scene.mouthpiece = bpy.props.PointerProperty(type=MouthpieceSettings)
    bpy.types.WindowManager.mouthpiece = bpy.props.PointerProperty(type=MouthpieceState)


def unregister() -> None:
    del bpy.types.WindowManager.mouthpiece
    del bpy.types.Scene.mouthpiece
    del bpy.types.Object.mouthpiece
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
