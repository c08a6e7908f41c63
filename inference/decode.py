"""Any sound file as the model hears it: float32 mono at 16 kHz, decoded block by block.

Channels are averaged, NaN and infinite samples become silence (the resampler would smear them), and soxr
resamples at high quality. Formats that libsndfile lacks (m4a, mp4, mov, …) go through PyAV if it is there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from .errors import AudioError
from .features import downmixed
from .types import SAMPLE_RATE

BLOCK = 1 << 16
"""Sample frames read at a time, so that hours at 192 kHz never lie in memory undecimated."""


def load_audio(path: str | Path) -> np.ndarray:
    """The sound of a file, ``float32 [N]`` mono at 16 kHz; N is 0 for a sound without samples.

    Raises AudioError if the file is missing, empty, damaged or no sound.
    """
    blocks = list(read_blocks(path))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def read_blocks(path: str | Path) -> Iterator[np.ndarray]:
    """``load_audio`` in pieces ``float32 [n]``, in order. Raises AudioError."""
    path = check_file(path)
    if path.suffix.lower() == ".raw":
        raise AudioError(f"{path} is raw PCM without a header: convert it to WAV, or send it to 'stream'.")
    try:
        import soundfile
        import soxr  # noqa: F401
    except ImportError as error:
        raise AudioError(f"{path}: {error.name} is missing: run 'pip install soundfile soxr'.") from error
    begun = False
    try:
        with soundfile.SoundFile(_any_name(path)) as file:
            for block in resampled(mono(_sndfile_blocks(file)), file.samplerate):
                begun = True
                yield block
        return
    except soundfile.LibsndfileError as error:
        reason = error.error_string.strip().rstrip(".")
    if begun:  # another decoder would begin anew
        raise AudioError(f"{path} is damaged ({reason}): copy or export it again.")
    yield from _av_blocks(path, reason)


def check_file(path: str | Path) -> Path:
    """``path`` if it is a file with something in it. Raises AudioError."""
    path = Path(path)
    try:
        if path.is_dir():
            raise AudioError(f"{path} is a folder: choose a sound file.")
        if not path.exists():
            raise AudioError(f"{path} does not exist: check the path.")
        if path.is_file() and path.stat().st_size == 0:
            raise AudioError(f"{path} is empty (0 bytes): export the sound again.")
        if _is_named_pipe(path):
            raise AudioError(f"{path} is a named pipe, which may never end: choose a sound file.")
        with path.open("rb"):
            return path
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioError(f"{path} cannot be opened ({reason}): check the file.") from error


def _is_named_pipe(path: Path) -> bool:
    """Whether opening ``path`` may wait for ever; a pipe that a shell opened (``/dev/fd/63``) does not."""
    real = Path(os.path.realpath(path))
    return real.is_fifo() and real.parent != Path("/dev/fd")


def _any_name(path: Path) -> Path | bytes:
    """``path`` as libsndfile takes it; names need not be Unicode where they are bytes to the system."""
    return os.fsencode(path) if os.name == "posix" else path


def mono(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Mean over the channels of each block, ``[n, channels] -> float32 [n]``."""
    return map(downmixed, blocks)


def resampled(blocks: Iterable[np.ndarray], rate: float) -> Iterator[np.ndarray]:
    """Blocks ``float32 [n]`` at ``rate`` Hz as blocks at 16 kHz, ``n * 16000 / rate`` samples in all."""
    if rate == SAMPLE_RATE:
        yield from blocks
        return
    import soxr

    resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
    started = False
    for block in blocks:
        started = True
        yield resampler.resample_chunk(block)
    if started:
        yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def _sndfile_blocks(file: object) -> Iterator[np.ndarray]:
    """Blocks ``float32 [n, channels]`` of an open ``soundfile.SoundFile``."""
    while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
        yield block


def _av_blocks(path: Path, reason: str) -> Iterator[np.ndarray]:
    """The sound through FFmpeg; ``reason`` says why libsndfile refused. Raises AudioError."""
    try:
        import av
    except ImportError as error:
        raise AudioError(
            f"{path} is not a sound that libsndfile reads ({reason}): convert it to WAV, or 'pip install av'."
        ) from error
    remedy = "convert it to WAV or choose another file"
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise AudioError(f"{path} holds no sound: {remedy}.")
            stream = container.streams.audio[0]
            if not stream.rate:
                raise AudioError(f"{path} holds a sound that cannot be decoded: {remedy}.")
            yield from resampled(mono(_av_frames(av, container, stream)), stream.rate)
    except (av.FFmpegError, OSError, ValueError) as error:
        detail = getattr(error, "strerror", None) or error
        raise AudioError(f"{path} is not a readable sound ({reason}; {detail}): {remedy}.") from error


def _av_frames(av: object, container: object, stream: object) -> Iterator[np.ndarray]:
    """Blocks ``float32 [n, channels]`` of an audio stream, in the stream's own rate and channels.

    Where a film begins before its sound, silence does.
    """
    resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
    for place, frame in enumerate(container.decode(stream)):
        if place == 0 and (late := _late(av, container, frame)) > 0:
            yield np.zeros((round(late * stream.rate), 1), np.float32)
        for part in resampler.resample(frame):
            yield part.to_ndarray().T
    for part in resampler.resample(None):
        yield part.to_ndarray().T


def _late(av: object, container: object, frame: object) -> float:
    """Seconds from the start of a container to its first ``frame`` of sound, 0 where they are not told.

    A container that starts below zero does so for what an encoder puts before a sound.
    """
    if frame.pts is None or container.start_time is None:
        return 0.0
    return float(frame.pts * frame.time_base) - max(container.start_time, 0) / av.time_base
