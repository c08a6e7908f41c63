"""Presets of the manner, and the way back to the defaults."""

from __future__ import annotations

import bpy

from ..inference.errors import Message
from .messages import succeed

MANNER = (
    "style_strength",
    "influence_mouth",
    "influence_brows",
    "influence_eyes",
    "influence_head",
    "valence",
    "arousal",
    "seed",
)
"""Settings that a preset sets; what it does not name goes back to its default."""
PRESETS: dict[str, tuple[str, str, dict[str, float]]] = {
    "DEFAULT": ("Reset", "Follow the references in all regions, with the mood that the voice has", {}),
    "SUBTLE": (
        "Subtle",
        "Half of the references' manner and a calm face",
        {"style_strength": 0.5, "arousal": -0.3},
    ),
    "LIPS": (
        "Lips Only",
        "Brows, eyes and head move as without references, for those who key them by hand",
        {"influence_brows": 0.0, "influence_eyes": 0.0, "influence_head": 0.0},
    ),
    "WARM": ("Warm", "A friendly face", {"valence": 0.5, "arousal": 0.1}),
    "TENSE": ("Tense", "An angry or frightened face", {"valence": -0.5, "arousal": 0.6}),
    "TIRED": ("Tired", "A weary face", {"valence": -0.2, "arousal": -0.7}),
}


class MOUTHPIECE_OT_manner_preset(bpy.types.Operator):
    """Set style, regions and mood in one go"""

    bl_idname = "mouthpiece.manner_preset"
    bl_label = "Manner Preset"
    bl_options = {"REGISTER", "UNDO"}

    preset: bpy.props.EnumProperty(
        name="Preset",
        description="Manner to take over",
        items=[(name, label, text) for name, (label, text, _) in PRESETS.items()],
    )

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return PRESETS[properties.preset][1]

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.mouthpiece
        label, _, values = PRESETS[self.preset]
        for name in MANNER:
            settings.property_unset(name)
        for name, value in values.items():
            setattr(settings, name, value)
        return succeed(
            self, context, "Manner reset" if not values else Message("Manner: {label}", label=label)
        )
