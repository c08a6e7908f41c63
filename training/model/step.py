"""The whole model as three graphs: what it hears, how it moves, and how it remembers a take."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .codec import BLOCK, LATENT, MOUTH_LATENT, MotionCodec, measured_regions
from .config import Config
from .encoder import AudioEncoder, Heard
from .generator import HISTORY, Generator, Guide, mouth_of
from .retrieval import CONTEXT, Retriever
from .seal import LipSeal

State = dict[str, Tensor]
NOISE = 2 * LATENT
"""Standard normals per frame: for the keyframe, should one be due, and for the detail."""


class Mouthpiece(nn.Module):
    """Ear, retriever, generator, motion codec and lip seal."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = AudioEncoder(config)
        self.codec = MotionCodec()
        self.retriever = Retriever(config)
        self.generator = Generator(config)
        self.seal = LipSeal()
        self.register_buffer("temperature", torch.ones(LATENT))
        self.teacher_steps = 0
        """Steps of the teacher that ``move`` takes instead of the student's one (evaluation)."""
        self.shown = "both"
        """Levels of motion that ``move`` shows: ``both``, ``slow`` or ``fast`` (ablation)."""

    def initial_state(self, batch: int) -> State:
        """Zeros. ``listen`` reads the ``motion`` that ``move`` made; else each has states of its own."""
        config, zeros = self.config, self.temperature.new_zeros
        return self.encoder.initial_state(batch) | {
            "context": zeros(batch, CONTEXT - 1, config.hear + config.feel),
            "motion": zeros(batch, HISTORY, LATENT),
            "memory": zeros(batch, 2, config.layers, 2, config.window, config.width),
            "known": zeros(batch, config.window),
            "keyframes": zeros(batch, 2, LATENT),
            "tick": zeros(batch, 1),
        }

    def listen(self, mel: Tensor, state: State) -> tuple[Heard, Tensor, Tensor, State]:
        """One tick: ``mel [B, 4, 80]`` → what is heard, code ``[B, A]``, query ``[B, K]``, new state."""
        ear = {name: state[name] for name in self.encoder.initial_state(1)}
        heard, new = self.encoder(mel, ear)
        code = heard.code()
        motion = state["motion"][:, :1]
        now = torch.cat([self.retriever.hear(code), self.retriever.feel(motion)], -1)
        context = torch.cat([state["context"], now], 1)
        query = self.retriever.from_context(context.flatten(1).unsqueeze(1), torch.ones_like(code[:, 0, :4]))
        return heard, code[:, 0], query[:, 0], new | {"context": context[:, 1:]}

    def move(
        self, code: Tensor, features: Tensor, guide: Guide, noise: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """One tick: code ``[B, A]``, feature probabilities ``[B, 4, F]``, the guide of one tick, noise ``[B,
        NOISE]`` → channels ``[B, C]`` and the new state."""
        generator, style, values, biases = self.generator, guide.style, guide.values, guide.biases
        known = torch.cat([state["known"][:, 1:], torch.ones_like(state["tick"])], 1)
        past = state["motion"].flatten(1).unsqueeze(1)
        views, memories = [], []
        for view, history in enumerate((torch.zeros_like(past), past)):
            x, memory = generator.enter(code.unsqueeze(1), history, style), []
            for index, layer in enumerate(generator.layers):
                x, kept = layer.step(x, values, biases, state["memory"][:, view, index], known)
                memory.append(kept)
            views.append(generator.norm(x))
            memories.append(torch.stack(memory, 1))
        slow_noise, fast_noise = noise.unsqueeze(1).split(LATENT, -1)
        steps = self.teacher_steps
        planned = mouth_of(*(generator.place(h, slow_noise, steps, self.temperature) for h in views))[:, 0]
        due = (state["tick"] < 0.5).to(planned.dtype)
        before, after = state["keyframes"].unbind(1)
        before, after = torch.lerp(before, after, due), torch.lerp(after, planned, due)
        path = torch.lerp(before, after, (state["tick"] + 1) / BLOCK).unsqueeze(1)
        motion = mouth_of(
            *(generator.finish(h, path, guide, fast_noise, steps, self.temperature) for h in views)
        )
        shown = {"both": motion, "slow": path, "fast": motion - path}[self.shown]
        channels = self.seal(self.codec.decode(shown[:, 0]), features)
        tick = torch.where(state["tick"] > BLOCK - 1.5, 0.0, state["tick"] + 1)
        return channels, {
            "motion": torch.cat([motion, state["motion"][:, :-1]], 1),
            "memory": torch.stack(memories, 1),
            "known": known,
            "keyframes": torch.stack([before, after], 1),
            "tick": tick,
        }

    def remember(
        self, code: Tensor, generic: Tensor, channels: Tensor, measured: Tensor, has_audio: Tensor
    ) -> tuple[Tensor, ...]:
        """A take: ``code [1, T, A]`` and ``generic [1, T, L]``, what the model alone made of its sound,
        ``channels [1, T, C]``, ``measured [1, C]``, ``has_audio [1, 1]`` → keys ``[1, E, K]``, values ``[1,
        E, V + D]``, styles ``[1, E, S]``."""
        motion = self.codec.encode(channels, measured)
        flags = torch.cat([measured_regions(measured), has_audio], 1)
        entries = self.retriever(code * has_audio.unsqueeze(1), motion, generic, flags)
        return entries.keys, entries.values, entries.styles


def set_temperature(model: Mouthpiece, mouth: float, rest: float) -> None:
    """How much of what is drawn reaches mouth and upper face: lips are nearly deterministic, lids are not."""
    model.temperature[:MOUTH_LATENT] = mouth
    model.temperature[MOUTH_LATENT:] = rest
