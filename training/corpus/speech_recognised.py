"""Phones of English that nobody transcribed: pocketsphinx writes down what it hears and aligns that text.

Its acoustic and language models (en-us, which come with the package) were trained on far more English than
there is here. Wrong words mostly sound alike: on speech with a known text (dc_tts), its guess agrees with the
alignment of that text at eight hops in ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from joblib import Parallel, delayed
from pocketsphinx import Decoder
from tqdm import tqdm

from ...inference.types import SAMPLE_RATE
from ..phones import HOP_SECONDS
from .sound import decode
from .speech_labels import Segments, trusted_segments


def recognise(paths: Sequence[Path]) -> list[Segments | None]:
    """Segments of each recording, in order; None where no word was heard, or none that fits.

    All processors are used, by processes that end when this one does; what a recording gives does not depend
    on the others. Raises AudioError.
    """
    segments = Parallel(n_jobs=-1, return_as="generator")(delayed(recognise_one)(path) for path in paths)
    return list(tqdm(segments, total=len(paths), desc="recognised"))


def recognise_one(path: Path) -> Segments | None:
    """What is said in ``path``, in two passes: words, then the times of their phones."""
    decoder = Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")  # one that is kept would hear by what it heard
    sound = decode(path).tobytes()
    _listen(decoder, sound)
    if not decoder.hyp() or not decoder.hyp().hypstr:
        return None
    decoder.set_alignment()
    _listen(decoder, sound)
    phones = [phone for word in decoder.get_alignment() for phone in word]
    return trusted_segments(
        [
            (p.start * HOP_SECONDS, (p.start + p.duration) * HOP_SECONDS, p.name, p.score / p.duration)
            for p in phones
        ]
    )


def _listen(decoder: Decoder, sound: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(sound, full_utt=True)
    decoder.end_utt()
