"""Data-blocks kept while the model works: undo may replace them and an artist may rename them meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy

from ...inference.errors import RigError


@dataclass(frozen=True)
class Kept:
    """What to know of a data-block to find it again: its number, which a renaming leaves alone, and else its
    name."""

    name: str
    number: int

    @classmethod
    def of(cls, block: bpy.types.ID) -> Kept:
        return cls(block.name, block.session_uid)

    def find(self, blocks: Iterable[bpy.types.ID]) -> bpy.types.ID | None:
        """The data-block among ``blocks`` as it is now; None when it has gone."""
        named = None
        for block in blocks:
            if block.session_uid == self.number:
                return block
            if block.name == self.name:
                named = block
        return named


def find_head(head: Kept | None) -> bpy.types.Object | None:
    """The object that turns with the head, None where none was chosen. Raises RigError when it has gone."""
    found = head and head.find(bpy.data.objects)
    if head is not None and found is None:
        raise RigError(
            "The head {head} is no longer in the scene: choose it again, or clear the head.", head=head.name
        )
    return found
