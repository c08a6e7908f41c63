"""Families of rigs told apart by their names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.types import BLENDSHAPES
from mouthpiece.rigs.detect import detect
from mouthpiece.rigs.matching import Coverage
from mouthpiece.rigs.presets import plain, presets

ICT = Path(__file__).resolve().parents[3] / "shared" / "data" / "rigs" / "ict_face.npz"
OCULUS = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")
RPM = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U")
MMD = ("あ", "い", "う", "え", "お")
CC = ("V_Open", "V_Explosive", "V_Dental_Lip", "V_Tight_O", "V_Tight", "V_Wide", "V_Affricate", "V_Lip_Open")
METAHUMAN = (
    "jawOpen", "jawLeft", "jawRight", "jawFwd", "mouthCornerPullL", "mouthCornerPullR", "mouthStretchL",
    "mouthStretchR", "mouthFunnelUL", "mouthFunnelUR", "mouthFunnelDL", "mouthFunnelDR", "mouthLipsPurseUL",
    "mouthLipsPurseUR", "mouthLipsPurseDL", "mouthLipsPurseDR", "mouthLowerLipDepressL",
    "mouthLowerLipDepressR", "mouthUpperLipRaiseL", "mouthUpperLipRaiseR", "mouthPressUL", "eyeBlinkL",
    "eyeBlinkR", "browDownL", "browDownR", "mouthDimpleL", "mouthDimpleR", "mouthLeft", "mouthRight",
)  # fmt: skip
FACS = ("AU1", "AU2_L", "AU2_R", "AU04", "AU10", "AU12_L", "AU12_R", "AU12", "AU15", "AU16", "AU17", "AU18",
        "AU20", "AU22", "AU24", "AU26", "AU28", "AU45")  # fmt: skip

RIGS = {
    "ARKit 52": (BLENDSHAPES, 0),
    "Oculus 15 visemes": ([f"vrc.v_{name.lower()}" for name in OCULUS], 15),
    "Ready Player Me": (
        [*(f"viseme_{name}" for name in RPM), "mouthOpen", "mouthSmile", "eyesClosed", "eyeBlinkLeft",
         "eyeBlinkRight", "eyesLookUp", "eyesLookDown", "browInnerUp"], 17),
    "VRM and MMD vowels": ([*MMD, "まばたき"], 5),
    "MetaHuman": ([f"CTRL_expressions_{name}" for name in METAHUMAN], 0),
    "Character Creator": ([*CC, "Eye_Blink_L", "Eye_Blink_R"], 8),
    "FACS action units": (FACS, 0),
    "MPEG-4 visemes": ([f"viseme_{number}" for number in range(15)], 15),
}  # fmt: skip


@pytest.mark.parametrize("family", RIGS)
def test_every_family_is_recognised(family: str) -> None:
    names, blended = RIGS[family]
    found = detect({"Face": (*names, "Freckles", "Basis2")})
    assert found.preset == family and found.confidence > 0.3
    assert len(found.poses) == blended
    assert not set(found.poses) & set(found.meshes["Face"].drives)
    assert {"Freckles", "Basis2"} <= set(found.meshes["Face"].unused)


@pytest.mark.skipif(not ICT.is_file(), reason="needs ../shared/data/rigs/ict_face.npz")
def test_every_shape_of_a_real_rig_is_found() -> None:
    names = tuple(str(name) for name in np.load(ICT, allow_pickle=False)["expression_names"])
    found = detect({"ICT": names})
    assert found.preset == "ICT FaceKit" and found.confidence == 1.0
    assert found.meshes["ICT"].unused == () and len(found.meshes["ICT"].drives) == len(names)


def test_facs_units_follow_their_channels() -> None:
    drives = detect({"Face": FACS}).meshes["Face"].drives
    assert drives["AU26"] == {"jawOpen": 1} and drives["AU12_L"] == {"mouthSmileLeft": 1}
    assert drives["AU45"] == {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}
    assert "AU12" not in drives, "both sides have units of their own"


def test_visemes_beside_a_whole_mouth_are_left_alone() -> None:
    found = detect({"Face": (*BLENDSHAPES, *(f"viseme_{name}" for name in OCULUS))})
    assert found.preset == "ARKit 52" and not found.poses
    assert len(found.meshes["Face"].unused) == 15


def test_the_same_pose_on_several_meshes_is_one_pose() -> None:
    names = tuple(f"viseme_{name}" for name in OCULUS)
    found = detect({"Face": (*names, "Blink"), "Teeth": names})
    assert set(found.poses) == set(names)
    assert list(found.meshes["Face"].drives) == ["Blink"]


def test_names_without_a_family() -> None:
    found = detect({"Face": ("Mouth_Open", "Smile", "Freckles")})
    assert found.preset == "names" and found.meshes["Face"].matched[0] == "jawOpen"
    nothing = detect({"Face": ("A", "E", "Wrinkles")})
    assert nothing.preset == "" and not nothing.poses and not nothing.meshes["Face"].drives


def test_the_report_names_the_family_and_the_poses() -> None:
    found = detect({"Face": (*MMD, "まばたき")})
    coverage = Coverage(tuple(found.meshes.items()), found.preset, found.confidence, tuple(found.poses))
    text = coverage.text()
    assert text.startswith("2 of 52 channels matched, speech by 5 mouth poses; missing eyeLookDownLeft")
    assert "recognised by VRM and MMD vowels, confidence" in text and "blended: あ, い" in text
    assert "unused" not in text and "jawOpen" not in coverage.missing


def test_presets_are_sound() -> None:
    for preset in presets():
        spellings = [
            s for shapes in (preset.follows, preset.poses) for names, _ in shapes for s in set(names)
        ]
        assert len(spellings) == len(set(spellings)), preset.name
        assert all(spelling == plain(spelling) for spelling in spellings)
