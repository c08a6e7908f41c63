"""The shipped networks: the step graph with its explicit state, and the style encoder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from .errors import TakeError, WeightsError
from .features import HOPS, MELS, log_mel
from .resample import resample
from .runtime import open_network, resolve
from .types import TICK_RATE, TICK_SAMPLES, C, Take

INTERFACE = 1
WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
NETWORKS = ("step.onnx", "style.onnx")
State = dict[str, np.ndarray]
SHORTEST_TAKE = 0.2
"""Seconds of motion below which a take shows no manner."""


class Model:
    """Both networks on one device. Holds no state: ``step`` takes it and gives the next."""

    def __init__(self, folder: Path, device: str = "auto") -> None:
        """Open the networks in ``folder``. Raises WeightsError or DeviceError."""
        self.folder, self.device = folder, resolve(device)
        self.hashes: dict[str, str] = {}
        networks = []
        for name in NETWORKS:
            content, self.hashes[name] = read_checked(folder, name)
            networks.append(open_network(content, str(folder / name), device))
        self._step, self._style = networks
        self.about = self._read_about()
        self.style_size, self.noise_size = self.about["style"], self.about["noise"]
        shapes = {i.name: i.shape for i in self._step.get_inputs() if i.name.startswith("state.")}
        self._shapes = {name.removeprefix("state."): shape[1:] for name, shape in shapes.items()}
        self._outputs = ["channels", "articulation", *(f"next.{name}" for name in self._shapes)]

    @classmethod
    def load(cls, weights_dir: Path | str | None = None, device: str = "auto") -> Model:
        """The model in ``weights_dir``, the shipped one by default. Raises WeightsError or DeviceError."""
        return cls(Path(weights_dir) if weights_dir else WEIGHTS, device)

    def initial_state(self, batch: int = 1) -> State:
        """The state before the first tick: zeros ``float32 [batch, …]``."""
        return {name: np.zeros([batch, *shape], np.float32) for name, shape in self._shapes.items()}

    def step(
        self, mel: np.ndarray, style: np.ndarray, noise: np.ndarray, state: State
    ) -> tuple[np.ndarray, np.ndarray, State]:
        """One tick: ``mel [B, 4, 80]``, ``style [B, S]``, ``noise [B, Z]``, all float32.

        Returns channels ``[B, 55]``, articulation ``[B, 4, A]`` and the next state.
        """
        feed = {"mel": mel, "style": style, "noise": noise}
        feed |= {f"state.{name}": value for name, value in state.items()}
        channels, articulation, *new = self._step.run(self._outputs, feed)
        return channels, articulation, dict(zip(self._shapes, new, strict=True))

    def embed(self, take: Take) -> np.ndarray:
        """Style of a take, ``float32 [S]``. Raises TakeError for too short or broken motion."""
        if take.channels.ndim != 2 or take.channels.shape[1] != C or not np.isfinite(take.channels).all():
            raise TakeError(f"The take '{take.name}' holds broken motion: export or record it again.")
        channels = resample(take.channels, take.fps, TICK_RATE)
        if take.seconds < SHORTEST_TAKE or len(channels) < 2:
            raise TakeError(
                f"The take '{take.name}' lasts {take.seconds:.2f} s, too short to show a manner: "
                "give one second or more."
            )
        mel = np.zeros((HOPS * len(channels), MELS), np.float32)
        if take.audio is not None:
            sound = np.zeros(len(channels) * TICK_SAMPLES, np.float32)
            heard = take.audio[: len(sound)]
            sound[: len(heard)] = heard
            mel = log_mel(sound)
        feed = {
            "channels": channels[None],
            "measured": take.measured.astype(np.float32).reshape(1, C),
            "mel": mel[None],
            "has_audio": np.full((1, 1), take.audio is not None, np.float32),
        }
        return self._style.run(["style"], feed)[0][0]

    def _read_about(self) -> dict:
        """What the step graph says about itself. Raises WeightsError."""
        remedy = "install Mouthpiece again, weights and code of one version."
        try:
            about = json.loads(self._step.get_modelmeta().custom_metadata_map["mouthpiece"])
            if about["interface"] == INTERFACE and {"style", "noise", "version"} <= about.keys():
                return about
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"{self.folder} holds no model of Mouthpiece: {remedy}") from error
        raise WeightsError(f"{self.folder} was made for another interface of Mouthpiece: {remedy}")


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
