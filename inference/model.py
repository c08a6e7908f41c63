"""The shipped networks: what is heard, how the face moves, and how a take is remembered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .blinks import BLINK, habit, separate
from .entries import Entries
from .errors import TakeError, WeightsError
from .features import HOPS, log_mel
from .resample import resample
from .runtime import OpenNetwork, open_networks
from .types import TICK_RATE, TICK_SAMPLES, C, Take
from .unshown import Usual

INTERFACE = 8
WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
NETWORKS = ("listen.onnx", "ask.onnx", "move.onnx", "remember.onnx")
State = dict[str, np.ndarray]
SHORTEST_TAKE = 0.6
"""Seconds of motion below which a take shows no manner."""
STRIDE = 8
"""Ticks that are listened to at once, where so many are at hand."""
NEXT = "next."
STATE = "state."


@dataclass(frozen=True)
class Heard:
    """``T`` ticks of ``B`` tracks: ``speech [B, T, A]`` (what leads the face), ``articulation [B, T, 4, F]``
    probabilities, ``events [B, T, E]`` probabilities, ``affect [B, T, 2]`` valence and arousal in [-1, 1]."""

    speech: np.ndarray
    articulation: np.ndarray
    events: np.ndarray
    affect: np.ndarray


@dataclass(frozen=True)
class Found:
    """What the references offer at a tick: ``style [B, S]``, ``values [B, E, V]``, ``biases [B, E]``."""

    style: np.ndarray
    values: np.ndarray
    biases: np.ndarray


class Network:
    """One graph: inputs and the states that it asks for → its outputs and all states."""

    def __init__(self, session: OpenNetwork) -> None:
        self.session = session
        inputs = [entry for entry in session.get_inputs() if entry.name.startswith(STATE)]
        self.state_shapes = {entry.name.removeprefix(STATE): entry.shape[1:] for entry in inputs}
        self.outputs = [entry.name for entry in session.get_outputs()]

    def __call__(self, inputs: State, state: State) -> tuple[State, State]:
        feed = inputs | {STATE + name: state[name] for name in self.state_shapes}
        outputs, new = {}, dict(state)
        for name, value in zip(self.outputs, self.session.run(self.outputs, feed), strict=True):
            if name.startswith(NEXT):
                new[name.removeprefix(NEXT)] = value
            else:
                outputs[name] = value
        return outputs, new


class Model:
    """The networks on one device. Holds no state: each step takes it and gives the next."""

    def __init__(self, folder: Path, device: str = "auto") -> None:
        """Open the networks in ``folder``. Raises WeightsError or DeviceError."""
        self.folder = folder
        self.hashes: dict[str, str] = {}
        contents = {}
        for name in NETWORKS:
            contents[str(folder / name)], self.hashes[name] = read_checked(folder, name)
        opened = open_networks(contents, device)
        self.device = opened.device
        self.notice = opened.notice
        """Why the model runs on the processor though another device was asked for; "" when it does not."""
        self._listen, self._ask, self._move, self._remember = map(Network, opened.networks)
        self.about = self._read_about()
        sizes = self.about["sizes"]
        self.noise_size, self.style_size, self.value_size = sizes["noise"], sizes["style"], sizes["value"]
        self.key_size, self.speech_size, self.found = sizes["key"], sizes["speech"], sizes["found"]
        self.deviation_size, self.rest_size = sizes["deviation"], sizes["rest"]
        self.sharpness: float = self.about["sharpness"]
        self._usual = Usual(**{name: np.array(value) for name, value in self.about["usual"].items()})
        self._shapes: dict[str, list[int]] = {}
        for network in (self._listen, self._ask, self._move):
            self._shapes |= network.state_shapes

    @classmethod
    def load(cls, weights_dir: Path | str | None = None, device: str = "auto") -> Model:
        """The model in ``weights_dir``, the shipped one by default; on the processor if ``device`` is absent.

        Raises WeightsError, or DeviceError for an unknown device or without ONNX Runtime.
        """
        return cls(Path(weights_dir) if weights_dir else WEIGHTS, device)

    def initial_state(self, batch: int = 1) -> State:
        """The state before the first tick: zeros ``float32 [batch, …]``."""
        return {name: np.zeros([batch, *shape], np.float32) for name, shape in self._shapes.items()}

    def listen(self, mel: np.ndarray, state: State) -> tuple[Heard, State]:
        """Log-mel ``float32 [B, 4 T, 80]`` → what is heard, and the state with its part renewed.

        On the processor ``T`` changes nothing but the time that it takes: the weights are read once for all.
        """
        heard, state = self._listen({"mel": mel}, state)
        return Heard(**heard), state

    def strides(self, ticks: int) -> Iterator[slice]:
        """Parts in which ``ticks`` are to be heard: as many at once as the device hears to the same bits, and
        in two sizes only, since runtimes plan for each."""
        stride = STRIDE if self.device == "cpu" else 1
        whole = ticks - ticks % stride
        for start in range(0, whole, stride):
            yield slice(start, start + stride)
        for start in range(whole, ticks):
            yield slice(start, start + 1)

    def hear(self, audio: np.ndarray, ticks: int) -> Heard:
        """What is heard in a recording ``float32 [N]`` at 16 kHz, cut or filled to ``ticks > 0``;
        one track."""
        sound = np.zeros(ticks * TICK_SAMPLES, np.float32)
        given = audio[: len(sound)]
        sound[: len(given)] = given
        mel, state, parts = log_mel(sound)[None], self.initial_state(), []
        for part in self.strides(ticks):
            heard, state = self.listen(mel[:, HOPS * part.start : HOPS * part.stop], state)
            parts.append(vars(heard))
        return Heard(**{name: np.concatenate([part[name] for part in parts], 1) for name in parts[0]})

    def ask(self, speech: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """A tick's query for references, ``float32 [B, K]`` of length one; ``speech [B, A]`` of that tick."""
        asked, state = self._ask({"speech": speech}, state)
        return asked["query"], state

    def move(
        self, speech: np.ndarray, articulation: np.ndarray, found: Found, noise: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        """A tick's frame: channels ``float32 [B, 55]`` and the state.

        ``speech [B, A]`` and ``articulation [B, 4, F]`` of that tick, ``noise float32 [B, Z]``.
        """
        feed = {
            "speech": speech,
            "articulation": articulation,
            "style": found.style,
            "values": found.values,
            "biases": found.biases,
            "noise": noise,
        }
        moved, state = self._move(feed, state)
        return moved["channels"], state

    def nothing_found(self, batch: int = 1) -> Found:
        """What an empty bank offers."""
        return Found(
            np.zeros((batch, self.style_size), np.float32),
            np.zeros((batch, self.found, self.value_size), np.float32),
            np.full((batch, self.found), NOT_FOUND, np.float32),
        )

    def embed(self, take: Take) -> Entries:
        """The entries of a take. Raises TakeError for too short or broken motion."""
        if take.channels.ndim != 2 or take.channels.shape[1] != C or not np.isfinite(take.channels).all():
            raise TakeError(f"The take '{take.name}' holds broken motion: export or record it again.")
        channels = resample(take.channels, take.fps, TICK_RATE)
        if take.seconds < SHORTEST_TAKE:
            raise TakeError(
                f"The take '{take.name}' lasts {take.seconds:.2f} s, too short to show a manner: "
                "give one second or more."
            )
        measured = take.measured
        if take.audio is None:
            channels, measured = self._usual.complete(channels, measured)
        still, blinks = separate(channels[None])
        blinking = habit(blinks[0]) if take.measured[list(BLINK)].all() else 0.0
        has_audio = take.audio is not None
        feed = {
            "speech": self._speech(take.audio, len(channels)),
            "channels": still,
            "measured": measured.astype(np.float32).reshape(1, C),
            "has_audio": np.full((1, 1), has_audio, np.float32),
            "blinking": np.full((1, 1), blinking, np.float32),
        }
        made, _ = self._remember(feed, {})
        return Entries(**{name: value[0] for name, value in made.items()})

    def _speech(self, audio: np.ndarray | None, ticks: int) -> np.ndarray:
        """What the model hears in a take's sound, ``float32 [1, ticks, A]``; zeros without sound."""
        if audio is None:
            return np.zeros((1, ticks, self.speech_size), np.float32)
        return self.hear(audio, ticks).speech

    def _read_about(self) -> dict:
        """What the first graph says about the model. Raises WeightsError."""
        remedy = "install Mouthpiece again, weights and code of one version."
        try:
            about = json.loads(self._listen.session.get_modelmeta().custom_metadata_map["mouthpiece"])
            if about["interface"] == INTERFACE and {"sizes", "sharpness", "version", "usual"} <= about.keys():
                return about
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"{self.folder} holds no model of Mouthpiece: {remedy}") from error
        raise WeightsError(f"{self.folder} was made for another interface of Mouthpiece: {remedy}")


NOT_FOUND = -1e9
"""Attention bias of a slot that holds no entry."""


def read_checked(folder: Path, name: str) -> tuple[bytes, str]:
    """Content and SHA-256 of ``folder/name`` if ``SHA256SUMS`` lists that hash. Raises WeightsError."""
    path = folder / name
    try:
        lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
        content = path.read_bytes()
    except (OSError, UnicodeDecodeError) as error:
        place, reason = getattr(error, "filename", folder), getattr(error, "strerror", error)
        raise WeightsError(f"{place} cannot be read ({reason}): install Mouthpiece again.") from error
    listed = {parts[1].lstrip("*"): parts[0] for line in lines if len(parts := line.split(maxsplit=1)) == 2}
    digest = hashlib.sha256(content).hexdigest()
    if listed.get(name) != digest:
        raise WeightsError(
            f"{path} is damaged (its SHA-256 is not the listed one): install Mouthpiece again."
        )
    return content, digest
