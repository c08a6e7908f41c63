"""The whole model: one tick for export and streaming, whole sequences for training."""

from __future__ import annotations

from dataclasses import asdict

import torch
from torch import Tensor, nn

from .config import Config
from .decoder import MotionDecoder
from .encoder import AudioEncoder
from .seal import LipSeal
from .style import StyleEncoder
from .upper import UPPER, UpperFace

State = dict[str, Tensor]


class Mouthpiece(nn.Module):
    """Ear, mouth, upper face and style encoder, trained together."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = AudioEncoder(config)
        self.decoder = MotionDecoder(config)
        self.seal = LipSeal()
        self.upper = UpperFace(config)
        self.style = StyleEncoder(config)

    def initial_state(self, batch: int) -> State:
        parts = (self.encoder, self.decoder, self.upper)
        return {name: value for part in parts for name, value in part.initial_state(batch).items()}

    def hear_and_move(self, mel: Tensor, style: Tensor, keep: Tensor | None = None) -> dict[str, Tensor]:
        """Whole sequences: ``mel [B, 4 T, 80]``, ``style [B, S]`` → logits, channels and hidden sequence.

        ``keep [B, 1, 1]`` (training) is 0 for rows whose mouth must do without the bottleneck.
        """
        state = self.initial_state(len(mel))
        phones, features, bottleneck, _ = self.encoder(mel, state)
        if keep is not None:
            bottleneck = bottleneck * keep
        channels, hidden, _ = self.decoder(phones, features, bottleneck, style, state)
        return {"phones": phones, "features": features, "channels": channels, "hidden": hidden}

    def step(self, mel: Tensor, style: Tensor, noise: Tensor, state: State) -> tuple[Tensor, Tensor, State]:
        """One tick: ``mel [B, 4, 80]`` → channels ``[B, C]``, articulation ``[B, 4, F]``, new state."""
        phones, features, bottleneck, heard = self.encoder(mel, state)
        channels, hidden, moved = self.decoder(phones, features, bottleneck, style, state)
        face, lived = self.upper(hidden, style, noise, state)
        probability = features.sigmoid()
        channels = self.seal(channels[:, 0], probability)
        channels[:, list(UPPER)] = face
        shapes, head = channels[:, :-3].clamp(0, 1), channels[:, -3:]
        return torch.cat([shapes, head], -1), probability, heard | moved | lived

    def checkpoint(self) -> dict:
        return {"config": asdict(self.config), "weights": self.state_dict()}

    @classmethod
    def from_checkpoint(cls, saved: dict) -> Mouthpiece:
        model = cls(Config(**saved["config"]))
        model.load_state_dict(saved["weights"])
        return model
