"""Why a face would not move, told before anything is baked."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from ...inference.errors import Message, RigError
from ..pose import head_path
from ..rig import Rig
from .bakes import kept_strips, moved_paths, own_strips, playing
from .character import character_objects, find_target, read_rig
from .face_notes import hidden_notes, visibility_notes
from .table import stored_entries, table_owner


def preflight(
    context: bpy.types.Context, start: float | None = None, seconds: float = 0.0
) -> tuple[Rig | None, list[str]]:
    """The character's rig, None where it cannot be baked, and everything that stands in a bake's way.

    ``start`` and ``seconds`` are the sound's first scene frame and length, where they are known.
    """
    scene, settings = context.scene, context.scene.mouthpiece
    target = find_target(context)
    if target is None:
        return None, ["No face is chosen: select it, or choose it in the Mouthpiece tab."]
    try:
        rig = read_rig(scene, target, settings.head_target, settings.head_bone)
    except RigError as error:
        return None, [error.message]
    found = [*rig.notes, *obstacles(rig, context, start, seconds)]
    return rig, list(dict.fromkeys(found))


def obstacles(
    rig: Rig, context: bpy.types.Context, start: float | None = None, seconds: float = 0.0
) -> list[str]:
    """What keeps the baked ``rig`` from being seen to move: its own notes tell of when it was read."""
    found: list[str] = []
    for face in rig.faces:
        found += _mesh(bpy.data.objects[face.mesh], context)
        found += visibility_notes(bpy.data.objects[face.mesh], face)
        found += _strips(face.key, face.mesh)
    for control in rig.controls:
        found += hidden_notes(control.datablock, control.owner, [control.path])
        found += _strips(control.datablock, control.owner)
    if rig.head is not None:
        found += hidden_notes(rig.head.target, rig.head.target.name, [head_path(rig.head)])
        found += _strips(rig.head.target, rig.head.target.name)
    found += _mapping(rig)
    found += _stretch(context.scene)
    if start is not None:
        found += _timeline(context.scene, start, seconds)
    return found


def _mesh(mesh: bpy.types.Object, context: bpy.types.Context) -> Iterator[str]:
    """What keeps a mesh from being seen, or from showing its shape keys."""
    if mesh.name not in context.view_layer.objects:
        yield Message(
            "{mesh} is in a collection that this view layer leaves out: you will not see it move.",
            mesh=mesh.name,
        )
    elif not mesh.visible_get():
        yield Message("{mesh} is hidden: show it to see it move.", mesh=mesh.name)
    if mesh.hide_render:
        yield Message("{mesh} is hidden in renders: it will not move in the film.", mesh=mesh.name)
    if mesh.mode == "EDIT":
        yield Message("{mesh} is in Edit Mode, which shows no shape keys: leave it.", mesh=mesh.name)
    for modifier in mesh.modifiers:
        if modifier.type == "ARMATURE" and not modifier.show_viewport:
            yield Message(
                "{mesh}: its modifier {modifier} is switched off: its bones will not move it.",
                mesh=mesh.name,
                modifier=modifier.name,
            )
        if modifier.type == "MESH_SEQUENCE_CACHE" and modifier.show_viewport:
            yield Message(
                "{mesh}: its modifier {modifier} plays a cache, which hides the shape keys.",
                mesh=mesh.name,
                modifier=modifier.name,
            )
        if modifier.type == "SURFACE_DEFORM" and modifier.show_viewport and not modifier.is_bound:
            yield Message(
                "{mesh}: its modifier {modifier} is not bound: it will not follow the face.",
                mesh=mesh.name,
                modifier=modifier.name,
            )
    key = mesh.data.shape_keys
    if all(block.slider_max <= block.slider_min for block in key.key_blocks[1:]):
        yield Message("{mesh}: the ranges of its shape keys are empty: raise their maxima.", mesh=mesh.name)


def _strips(block: bpy.types.ID, name: str) -> Iterator[str]:
    """What on the NLA keeps Mouthpiece's track from being heard."""
    data = block.animation_data
    if data is None:
        return
    for track in data.nla_tracks:
        ours = own_strips(track)
        if ours and track.mute:
            yield Message(
                "{name}: its NLA track {track} is muted: unmute it to see the bake.",
                name=name,
                track=track.name,
            )
        elif not ours and not track.mute and _over_ours(data, track):
            yield Message(
                "{name}: its NLA track {track} lies above Mouthpiece's and replaces what it shows.",
                name=name,
                track=track.name,
            )
        for strip in () if track.mute else kept_strips(track):
            yield Message(
                "{name}: {action} on its NLA track {track} was renamed or copied, so bakes leave it there: "
                "remove the track if you no longer need it.",
                name=name,
                action=strip.action.name,
                track=track.name,
            )


def _over_ours(data: bpy.types.AnimData, above: bpy.types.NlaTrack) -> bool:
    """Whether a track replaces what Mouthpiece's track below it shows at the same time."""
    below = True
    for track in data.nla_tracks:
        if track == above:
            below = False
        if below and any(
            strip.blend_type == "REPLACE"
            and (strip.influence > 0.0 or not strip.use_animated_influence)
            and first < ours.frame_end
            and ours.frame_start < last
            and moved_paths(strip) & moved_paths(ours)
            for strip, first, last in playing(above)
            for ours in own_strips(track)
        ):
            return True
    return False


def _mapping(rig: Rig) -> Iterator[str]:
    """What the mapping leaves still."""
    coverage = rig.coverage
    target = bpy.data.objects.get(rig.name)
    members = character_objects(bpy.context.scene, target) if target is not None else []
    if not coverage.poses and "jawOpen" in coverage.missing:
        yield _no_jaw(rig, members)
    still = [
        f"{face.mesh}: {key}"
        for face in rig.faces
        for key, weights in face.mapping.drives.items()
        if not any(weights.values())
    ]
    if still:
        yield Message("A gain of 0 keeps these still: {still}.", still=", ".join(still))
    entries = stored_entries(members)
    keys = {key for face in rig.faces for key in (*face.mapping.drives, *face.poses)}
    lost = [
        entry.target.name
        for entry in entries
        if entry.target.kind in ("SHAPE_KEY", "POSE") and entry.target.name not in keys
    ]
    if lost:
        yield Message(
            "{rig} has no such shape keys, which its mapping names: {names}.",
            rig=rig.name,
            names=", ".join(dict.fromkeys(lost)),
        )


def _no_jaw(rig: Rig, members: list[bpy.types.Object]) -> Message:
    """That the mouth stays shut, and which bone may be its jaw, unless the table names it already."""
    table = table_owner(members)
    named = {row.name for row in table.mouthpiece.entries if row.kind == "BONE"} if table else set()
    for item in members:
        bones = item.pose.bones if item.type == "ARMATURE" else ()
        jaws = (bone.name for bone in bones if "jaw" in bone.name.lower())
        jaw = next((name for name in jaws if name not in named), None)
        if jaw is not None:
            return Message(
                "{rig}: nothing follows jawOpen, so the mouth will hardly open; {armature} has a bone "
                "{bone}: add a row of kind Bone for it to the mapping.",
                rig=rig.name,
                armature=item.name,
                bone=jaw,
            )
    return Message(
        "{rig}: nothing follows jawOpen, so the mouth will hardly open; give it a target.", rig=rig.name
    )


def _stretch(scene: bpy.types.Scene) -> Iterator[str]:
    """Whether the scene plays animation at another speed than sound."""
    old, new = scene.render.frame_map_old, scene.render.frame_map_new
    if old != new:
        yield Message(
            "{scene}: Time Stretching plays {old} frames as {new}, but not the sound: set Old and New to the "
            "same number (Output Properties, Frame Range) for lips in sync.",
            scene=scene.name,
            old=old,
            new=new,
        )


def _timeline(scene: bpy.types.Scene, start: float, seconds: float) -> Iterator[str]:
    """Whether the scene plays what is baked."""
    end = start + seconds * scene.render.fps / scene.render.fps_base
    if end < scene.frame_start or start > scene.frame_end:
        yield (
            Message(
                "The sound plays from frame {start:g} to {end:.0f}, outside of the scene's "
                "{frame_start} to {frame_end}: you will see nothing of it.",
                start=start,
                end=end,
                frame_start=scene.frame_start,
                frame_end=scene.frame_end,
            )
        )
    elif end > scene.frame_end + 1:
        yield Message(
            "The scene ends at frame {frame_end}, before the sound does at {end:.0f}.",
            frame_end=scene.frame_end,
            end=end,
        )
