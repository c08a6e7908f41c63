"""The samples of a sound data-block or file, as the model hears them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import bpy
import numpy as np

from ..inference.decode_aud import load_audio
from ..inference.errors import AudioError, Message


def sound_samples(sound: bpy.types.Sound) -> np.ndarray:
    """Samples ``float32 [N]`` at 16 kHz mono of a sound, packed or on disk. Raises AudioError."""
    if sound.packed_file is None:
        return file_samples(sound.filepath, sound.library)
    suffix = Path(sound.filepath).suffix
    with tempfile.TemporaryDirectory(dir=bpy.app.tempdir) as folder:
        unpacked = Path(folder, f"packed{suffix}")
        unpacked.write_bytes(sound.packed_file.data)
        try:
            return _checked(load_audio(unpacked), Message("The packed sound {sound}", sound=sound.name))
        except AudioError as error:
            raise AudioError(
                str(error).replace(str(unpacked), Message("{sound} (packed)", sound=sound.name))
            ) from error


def file_samples(path: str, library: bpy.types.Library | None = None) -> np.ndarray:
    """Samples ``float32 [N]`` at 16 kHz mono of a file, whose path may be relative. Raises AudioError."""
    full = Path(bpy.path.abspath(path, library=library))
    return _checked(load_audio(full), str(full))


def _checked(samples: np.ndarray, name: str) -> np.ndarray:
    if not len(samples):
        raise AudioError("{name} holds no samples: choose a sound with something to hear.", name=name)
    return samples
