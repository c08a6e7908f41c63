"""Mouthpiece: dialogue to facial animation in the manner of reference performances."""

from __future__ import annotations


def register() -> None:
    """Add Mouthpiece to Blender. Imports stay inside so that the package loads without Blender."""
    from . import operators, panels, preferences, properties

    for module in (preferences, properties, operators, panels):
        module.register()


def unregister() -> None:
    """Take Mouthpiece out of Blender, in reverse order."""
    from . import operators, panels, preferences, properties

    for module in (panels, operators, properties, preferences):
        module.unregister()
