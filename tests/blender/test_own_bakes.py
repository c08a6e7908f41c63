"""A bake takes the place of Mouthpiece's own bakes of the same face, and of nothing that is the artist's."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")


def data_of(face) -> bpy.types.AnimData:
    return face.data.shape_keys.animation_data


def played(face) -> list[str]:
    return [strip.action.name for track in data_of(face).nla_tracks for strip in track.strips]


def jaw_at(stage, face, *frames: int) -> list[float]:
    found = []
    for frame in frames:
        stage.scene.frame_set(frame)
        found.append(face.data.shape_keys.key_blocks["jawOpen"].value)
    return found


def laid(face, action, track_name: str = "NlaTrack"):
    """A strip of an action on a new track on top."""
    track = data_of(face).nla_tracks.new()
    track.name = track_name
    strip = track.strips.new(action.name, 1, action)
    strip.action_slot = action.slots[0]
    return strip


def preflight() -> str:
    bpy.ops.mouthpiece.preflight()
    return bpy.context.window_manager.mouthpiece.preflight


@pytest.mark.parametrize("name", ["My edit", ""])
def test_her_copy_of_a_bake_stays(stage, name: str) -> None:
    face = stage.face()
    action, _ = stage.write(face, stage.motion())
    copy = action.copy()
    copy.name = name = name or copy.name
    laid(face, copy)
    new, _ = stage.write(face, stage.motion(phase=1.0))
    assert played(face) == ["Mouthpiece Face", name] and new.name == "Mouthpiece Face"
    assert [track.name for track in data_of(face).nla_tracks] == ["Mouthpiece", "NlaTrack"]
    assert "its NLA track NlaTrack lies above Mouthpiece's" in preflight()


def test_a_bake_that_was_renamed_stays_and_is_told_of(stage) -> None:
    face = stage.face()
    action, _ = stage.write(face, stage.motion())
    action.name = "Final"
    new, _ = stage.write(face, stage.motion(phase=1.0))
    assert played(face) == ["Final", "Mouthpiece Face"]
    assert "Face: Final on its NLA track Mouthpiece was renamed or copied" in preflight()
    stage.write(face, stage.motion())
    assert played(face) == ["Final", "Mouthpiece Face"]


def test_a_bake_that_blender_renumbered_is_replaced(stage) -> None:
    """As when its character is appended to a file that has a bake of the same name."""
    face = stage.face()
    action, _ = stage.write(face, stage.motion())
    action.name = "Mouthpiece Face.001"
    stage.write(face, stage.motion(phase=1.0))
    assert played(face) == ["Mouthpiece Face"]


def test_a_bake_of_an_earlier_version_is_replaced(stage) -> None:
    face = stage.face()
    action, _ = stage.write(face, stage.motion())
    action["mouthpiece"] = True
    stage.write(face, stage.motion(phase=1.0))
    assert played(face) == ["Mouthpiece Face"] and len(bpy.data.actions) == 1


def test_a_bake_of_the_duplicate_spares_the_original(stage) -> None:
    face = stage.face()
    first, _ = stage.write(face, stage.motion())
    face.select_set(True)
    bpy.ops.object.duplicate()
    twin = bpy.context.object
    assert twin != face
    twin.location.x = 5
    new, _ = stage.write(twin, stage.motion(phase=1.0))
    assert [strip.action for strip in data_of(face).nla_tracks["Mouthpiece"].strips] == [first]
    assert [strip.action for strip in data_of(twin).nla_tracks["Mouthpiece"].strips] == [new]
    for name in (twin, face, twin):
        stage.write(name, stage.motion())
        assert len(played(face)) == len(played(twin)) == 1 and len(bpy.data.actions) == 2


def test_a_soloed_bake_is_soloed_again(stage) -> None:
    face, motion = stage.face(), stage.motion()
    stage.write(face, motion)
    track = data_of(face).nla_tracks[0]
    track.is_solo = True
    _, plan = stage.write(face, motion)
    assert data_of(face).nla_tracks[0].is_solo and not plan.notes
    assert np.ptp(jaw_at(stage, face, 5, 15, 25, 35)) > 0.1
    data_of(face).nla_tracks[0].is_solo = False
    laid(face, stage.action(motion))
    data_of(face).nla_tracks[1].is_solo = True
    _, plan = stage.write(face, motion)
    assert any("plays another track solo" in note for note in plan.notes)


def test_a_bake_that_was_stashed_stays_and_mutes_nothing(stage) -> None:
    face = stage.face()
    old, _ = stage.write(face, stage.motion())
    data = data_of(face)
    data.nla_tracks.remove(data.nla_tracks[0])
    laid(face, old, "[Action Stash]")
    data.nla_tracks[0].mute = True
    new, _ = stage.write(face, stage.motion(phase=1.0))
    assert [(track.name, track.mute) for track in data.nla_tracks] == [
        ("[Action Stash]", True),
        ("Mouthpiece", False),
    ]
    assert [strip.action for track in data.nla_tracks for strip in track.strips] == [old, new]


def test_a_bake_that_is_being_edited_is_said_to_hide_the_next(stage) -> None:
    face = stage.face()
    action, _ = stage.write(face, stage.motion())
    data_of(face).action = action
    data_of(face).action_slot = action.slots[0]
    _, plan = stage.write(face, stage.motion(phase=1.0))
    assert any("its action Mouthpiece Face lies above the Mouthpiece track" in n for n in plan.notes)


def test_a_head_left_over_from_another_face_costs_that_face_nothing(stage) -> None:
    """The Head field still names Anna's when Bert is baked: her face stays animated, and it is said."""
    anna, bert, head = stage.face("Anna"), stage.face("Bert", at=(5, 0, 0)), stage.empty("Anna head")
    settings = stage.scene.mouthpiece
    settings.audio_path, settings.head_target = str(stage.sound(1.0)), head
    for face in (anna, bert):
        settings.target = face
        assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
    assert played(anna) == ["Mouthpiece Anna"] and played(bert) == ["Mouthpiece Bert"]
    turns = [strip.action.name for track in head.animation_data.nla_tracks for strip in track.strips]
    assert turns == ["Mouthpiece Bert"]
    status = bpy.context.window_manager.mouthpiece.status
    assert "Anna head turned with Mouthpiece Anna and turns with this bake now" in status
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
    assert "turned with" not in bpy.context.window_manager.mouthpiece.status, (
        "its own former bake is no other's"
    )


def test_a_deleted_head_is_no_head(stage, everything) -> None:
    settings = stage.scene.mouthpiece
    settings.target, settings.audio_path = stage.face(), str(stage.sound(1.0))
    settings.head_target = stage.empty("Head")
    stage.scene.collection.objects.unlink(settings.head_target)  # as X does; the settings still point to it
    before = everything()
    with pytest.raises(
        RuntimeError, match="The head Head is not in the scene Scene: choose another, or clear"
    ):
        bpy.ops.mouthpiece.bake()
    assert everything() == before
