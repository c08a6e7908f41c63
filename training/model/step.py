"""The whole model as four graphs: what it hears, what it asks for, how it moves, how it remembers a take."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .codec import BLOCK, LATENT, MOUTH_LATENT, REGION_OF, MotionCodec, measured_regions, resting
from .config import Config
from .ear import PlainMouth
from .encoder import AudioEncoder, Heard
from .generator import HISTORY, Generator, Guide, mouth_of
from .lids import CHANCES, Lids
from .retrieval import CONTEXT, Retriever
from .seal import LipSeal

State = dict[str, Tensor]
NOISE = 2 * LATENT + CHANCES
"""Standard normals per frame: for the keyframe, should one be due, for the detail, and for a blink."""
PARTS = 0.1
"""Lip gap per unit of motion from which on a component of the mouth is one of the lips'."""


class Mouthpiece(nn.Module):
    """Ear, plain mouth, retriever, generator, motion codec, lids and lip seal."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = AudioEncoder(config)
        self.mouth = PlainMouth(config)
        self.codec = MotionCodec()
        self.retriever = Retriever(config)
        self.generator = Generator(config)
        self.lids = Lids(config)
        self.seal = LipSeal()
        self.register_buffer("temperature", torch.ones(2, LATENT))
        self.teacher_steps = 0
        """Steps of the teacher that ``move`` takes instead of the student's one (evaluation)."""
        self.shown = "both"
        """Levels of motion that ``move`` shows: ``both``, ``slow`` or ``fast`` (ablation)."""

    def initial_state(self, batch: int) -> State:
        """Zeros. ``ask`` reads the ``motion`` that ``move`` made; else each has states of its own. Motion and
        keyframes of brows and eyes are about where the references' rest."""
        config, zeros = self.config, self.temperature.new_zeros
        return (
            self.ear_state(batch)
            | {
                "context": zeros(batch, CONTEXT - 1, config.hear + config.feel),
                "motion": zeros(batch, HISTORY, LATENT),
                "known": zeros(batch, config.window),
                "keyframes": zeros(batch, 2, LATENT),
                "tick": zeros(batch, 1),
                "sealed": zeros(batch, 1),
            }
            | {name: zeros(batch, 2, *config.memory) for name in self.memories()}
            | self.lids.initial_state(batch)
        )

    def memories(self) -> list[str]:
        """States of the attention: of each layer the keys of both views, and the values."""
        return [f"{part}{i}" for i in range(self.config.layers) for part in ("keys", "values")]

    def ear_state(self, batch: int) -> State:
        return self.encoder.initial_state(batch) | self.mouth.initial_state(batch)

    def listen(self, mel: Tensor, state: State) -> tuple[Heard, Tensor, State]:
        """``mel [B, 4 T, 80]`` → what is heard, speech ``[B, T, A]`` (the latents of the plain mouth, then
        the code) and the ear's new state."""
        heard, ear = self.encoder(mel, state)
        code = heard.code()
        channels, mouth = self.mouth(code, heard.spectrum, state)
        plain = self.codec.encode(channels, torch.ones_like(channels[:, 0]))
        return heard, torch.cat([plain[..., :MOUTH_LATENT], code], -1), ear | mouth

    def ask(self, speech: Tensor, state: State) -> tuple[Tensor, State]:
        """One tick: speech ``[B, A]`` → query ``[B, K]`` and the new state."""
        past = past_asked_by(speech, state["motion"][:, 0])
        heard, moved = self.retriever.hear(speech), self.retriever.feel(past)
        context = torch.cat([state["context"], torch.cat([heard, moved], -1).unsqueeze(1)], 1)
        flags = torch.ones_like(speech[:, :4])
        query = self.retriever.from_context(context.flatten(1).unsqueeze(1), flags)
        return query[:, 0], {"context": context[:, 1:]}

    def move(
        self, speech: Tensor, features: Tensor, guide: Guide, noise: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """One tick: speech ``[B, A]``, feature probabilities ``[B, 4, F]``, the guide of one tick, noise
        ``[B, NOISE]`` → channels ``[B, C]`` and the new state."""
        generator = self.generator
        known = torch.cat([state["known"][:, 1:], torch.ones_like(state["tick"])], 1)
        slow_noise, fast_noise, chances = noise.unsqueeze(1).split((LATENT, LATENT, CHANCES), -1)
        steps, (slow, fast) = self.teacher_steps, self.temperature
        past = state["motion"].flatten(1).unsqueeze(1)
        heard = speech.unsqueeze(1)
        x = generator.enter(heard, torch.cat([torch.zeros_like(past), past], 1), guide.style)
        memory = {}
        for i, layer in enumerate(generator.layers):
            kept = (f"keys{i}", f"values{i}")
            x, *renewed = layer.step(x, guide, *(state[name] for name in kept), known)
            memory |= zip(kept, renewed, strict=True)
        h = generator.norm(x)
        planned = of_views(generator.place(h, slow_noise, steps, slow))
        due = state["tick"] < 0.5
        before, after = state["keyframes"].unbind(1)
        before, after = torch.where(due, after, before), torch.where(due, planned, after)
        path = before + (state["tick"] + 1) / BLOCK * (after - before)
        paths = path.unsqueeze(1).expand(-1, 2, -1)
        motion = of_views(generator.finish(h, paths, heard, guide, fast_noise, steps, fast))
        shown = {"both": motion, "slow": path, "fast": motion - path}[self.shown]
        _, habit, rest, _ = self.manner(guide.style)
        blink, lids = self.lids.step(speech, habit, chances[:, 0], state)
        channels = self.codec.decode(shown + resting(rest)) + blink
        channels = self.seal.touch(channels, self.plain(speech), features)
        channels, sealed = self.seal(channels, features, state["sealed"])
        tick = torch.where(state["tick"] > BLOCK - 1.5, 0.0, state["tick"] + 1)
        return channels, {
            "motion": torch.cat([motion.unsqueeze(1), state["motion"][:, :-1]], 1),
            "known": known,
            "keyframes": torch.stack([before, after], 1),
            "tick": tick,
            "sealed": sealed,
        } | memory | lids

    def manner(self, style: Tensor) -> tuple[Tensor, ...]:
        """Parts of a guide's style ``[B, S + 1 + R + 1]``: the manner, the habit of blinking, where brows and
        eyes rest, how much the references count."""
        return style.split([self.config.style, 1, self.config.rest, 1], -1)

    def plain(self, speech: Tensor) -> Tensor:
        """Channels ``[..., C]`` of the plain mouth in ``speech [..., A]``, the others as latents of 0."""
        return self.codec.decode(plain_latents(speech))

    def latents(self, speech: Tensor, channels: Tensor, measured: Tensor) -> Tensor:
        """``channels [B, T, C]`` as latents ``[B, T, L]``; those not ``measured [B, C]`` are taken to move as
        the plain mouth in ``speech [B, T, A]`` does, and to rest where there is none."""
        known = torch.where(measured.unsqueeze(1) > 0, channels, self.plain(speech))
        return self.codec.encode(known, torch.ones_like(measured))

    def remember(
        self, speech: Tensor, channels: Tensor, measured: Tensor, has_audio: Tensor, blinking: Tensor
    ) -> tuple[Tensor, ...]:
        """A take: ``speech [1, T, A]``, ``channels [1, T, C]`` without blinks, ``measured [1, C]``,
        ``has_audio [1, 1]``, ``blinking [1, 1]`` (``blinks.habit``) → keys ``[1, E, K]``, values ``[1, E,
        V + D]``, styles ``[1, E, S + R + 2]``."""
        motion = self.latents(speech, channels, measured)
        flags = torch.cat([measured_regions(measured), has_audio], 1)
        entries = self.retriever(speech, motion, flags, blinking)
        return entries.keys, entries.values, entries.styles


def plain_latents(speech: Tensor) -> Tensor:
    """Latents ``[..., L]`` of the plain mouth in ``speech [..., A]``; zeros for all but the mouth."""
    return functional.pad(speech[..., :MOUTH_LATENT].float(), (0, LATENT - MOUTH_LATENT))


def past_asked_by(speech: Tensor, motion: Tensor) -> Tensor:
    """What a query in ``speech [..., A]`` takes for the past ``motion [..., L]``: its mouth halfway to the
    plain one. A mouth that found itself alone, puckered in silence, would stay so."""
    return mouth_of((motion + plain_latents(speech)) / 2, motion)


def of_views(x: Tensor) -> Tensor:
    """What both views of the trunk say of a tick, ``[B, 2, L]`` → the mouth of the one that sees no past, the
    rest of the other, ``[B, L]``."""
    return mouth_of(x[:, 0], x[:, 1])


def set_temperature(model: Mouthpiece, table: Sequence[Sequence[float]]) -> None:
    """How much of what is drawn is shown: a row for keyframes, one for detail, each with shares of lips, the
    rest of the mouth, eyes with brows, and head. Lips are the components of the mouth that part them
    (``seal.row``)."""
    parting = (model.codec.synthesis @ model.seal.row).abs()
    lips = parting > PARTS * model.codec.synthesis.norm(dim=1)
    column = torch.where((REGION_OF == 0) & lips.cpu(), 0, REGION_OF + 1)
    model.temperature.copy_(torch.tensor(table)[:, column])
