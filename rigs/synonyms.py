"""Words that rigs use for the canonical channels, as a table for ``rigs.matching``.

Names are spelled as lower-case words without their side; the side (left/right) is matched apart.
Sources: Apple's ARKit names, Reallusion CC3/CC4 profiles, FACS action-unit names, common hand-made rigs.
"""

from __future__ import annotations

SYNONYMS: dict[str, tuple[str, ...]] = {
    "eye blink": (
        "blink", "wink", "eyes blink", "eye close", "eye closed", "eyes close", "eyes closed",
        "close eye", "close eyes", "eyelid close", "eyelid closed", "eyelids close", "eyelids closed",
        "lid close", "lids close",
    ),
    "eye look down": ("eyes look down", "look down", "eyes down"),
    "eye look up": ("eyes look up", "look up", "eyes up"),
    "eye look in": ("eyes look in", "look in"),
    "eye look out": ("eyes look out", "look out"),
    "eye squint": ("eyes squint", "squint", "lid tightener"),
    "eye wide": ("eyes wide", "eye widen", "eyes widen", "wide eye", "wide eyes", "upper lid raiser"),
    "jaw forward": ("jaw fwd", "jaw thrust", "jaw front"),
    "jaw open": ("mouth open", "open mouth", "open jaw", "jaw drop", "jaw down"),
    "mouth close": ("mouth closed", "lips close", "lips closed", "lip close"),
    "mouth funnel": ("funnel", "lip funnel", "lips funnel", "lip funneler"),
    "mouth pucker": ("pucker", "lip pucker", "lips pucker", "lip puckerer", "kiss", "mouth kiss"),
    "mouth smile": ("smile", "lip corner puller", "mouth corner pull", "mouth corner up"),
    "mouth frown": ("frown", "lip corner depressor", "mouth corner down"),
    "mouth dimple": ("dimple", "dimpler", "mouth dimpler"),
    "mouth stretch": ("lip stretch", "lips stretch", "lip stretcher"),
    "mouth roll lower": ("mouth roll in lower", "mouth lower roll", "lower lip roll", "lip roll lower"),
    "mouth roll upper": ("mouth roll in upper", "mouth upper roll", "upper lip roll", "lip roll upper"),
    "mouth shrug lower": ("mouth lower shrug", "chin raise", "chin raiser"),
    "mouth shrug upper": ("mouth upper shrug",),
    "mouth press": ("lip press", "lips press", "lip pressor", "lip presser"),
    "mouth lower down": (
        "mouth down lower", "lower lip down", "lip lower down", "mouth lower lip down",
        "lower lip depressor",
    ),
    "mouth upper up": (
        "mouth up upper", "upper lip up", "lip upper up", "mouth upper lip up", "upper lip raiser",
        "upper lip raise",
    ),
    "brow down": (
        "brows down", "brow lower", "brow lowerer", "brow drop", "eyebrow down", "eyebrows down",
    ),
    "brow inner up": (
        "brows inner up", "inner brow up", "brow raise inner", "brow inner raise", "inner brow raise",
        "inner brow raiser", "eyebrow inner up",
    ),
    "brow outer up": (
        "brows outer up", "outer brow up", "brow raise outer", "brow outer raise", "outer brow raise",
        "outer brow raiser", "eyebrow outer up",
    ),
    "cheek puff": ("cheeks puff", "puff", "puff cheek", "puff cheeks", "cheek blow"),
    "cheek squint": ("cheeks squint", "cheek raise", "cheek raiser", "cheeks raise"),
    "nose sneer": ("sneer", "nose wrinkle", "nose wrinkler"),
    "tongue out": ("tongue stick out", "toungue out"),
}  # fmt: skip
"""Canonical base words → other spellings of the same movement."""

BOTH_EYES = ("eyes look", "eye look", "look")
"""Words before a direction that turn both eyes together (``Eyes_Look_Left``)."""
