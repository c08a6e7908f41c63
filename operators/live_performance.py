"""What a live preview holds while it is on: the model ahead of the playhead, and the face that shows it."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from functools import cache

import bpy
import numpy as np

from ..inference.errors import Message, RigError
from ..inference.live import LiveStream, Performer, opener, score_for
from ..inference.microphone import Microphone
from ..inference.model import Model
from ..rigs.retarget import SceneClock
from ..rigs.rig import Rig
from ..rigs.scene_read import find_target
from .bake_options import start_frame
from .preview_overlay import Guard, Overlay
from .preview_request import listed, otherwise, performed, reshaped
from .references_take import scene_rate
from .request import BakeRequest, read_request


class LivePerformance:
    """A face that speaks without a bake. ``close`` it, or it goes on; errors are MouthpieceErrors."""

    def __init__(self, context: bpy.types.Context, *, wait: float = 0.0) -> None:
        """Read the scene and start the model. ``wait`` seconds at most are spent on each picture."""
        self._wait, self._source = wait, context.window_manager.mouthpiece.live_source
        self._model = cache(self._load)
        self._told: list[str] = []
        self._request = self._read(context)
        self._rig: Rig | None = self._request.rig()
        self._stream = self._open()
        self._last: np.ndarray | None = None
        self._shown: deque[float] = deque(maxlen=25)
        self.guard = Guard(Overlay(), self._undone, self.close)
        self.guard.install()
        bpy.app.handlers.frame_change_post.append(self._on_frame)
        self.error: Exception | None = None
        """What went wrong where nobody could be told."""

    def tick(self, context: bpy.types.Context) -> None:
        """Follow the settings and show the face at the playhead."""
        if self.error is not None:
            raise self.error
        if find_target(context) is None:
            raise RigError(
                "The face is no longer in the scene: choose another and turn the preview on again."
            )
        self._follow(context)
        self.show(context.scene)

    def show(self, scene: bpy.types.Scene) -> None:
        """Lay the face of the scene's frame over the rig; the last one stays where the model is late."""
        if self.guard.quiet:
            return
        clock = SceneClock(scene_rate(scene), start_frame(scene))
        seconds = float(clock.seconds(np.array(scene.frame_current_final)))
        channels = self._stream.sample(seconds, self._wait)
        if channels is None:
            return
        if self.guard.overlay.shown and np.array_equal(channels, self._last):
            return  # the face stands as it should; another evaluation would only cost time
        try:
            self._lay(channels)
        except ReferenceError:  # something that the face is made of was deleted: look again
            self._rig = None
            self._lay(channels)
        self._last = channels
        self._shown.append(time.monotonic())

    def says(self) -> str:
        """How it goes, for the panel."""
        rate = 0.0
        if len(self._shown) > 1 and self._shown[-1] > self._shown[0]:
            rate = (len(self._shown) - 1) / (self._shown[-1] - self._shown[0])
        if self._source == "MICROPHONE":
            return Message("Listening · {rate:.0f} pictures a second", rate=rate)
        return Message(
            "{rate:.0f} pictures a second · {seconds:.1f} s ahead",
            rate=rate,
            seconds=self._stream.lead() / 25,
        )

    def notices(self) -> list[str]:
        """What the artist should know, each once."""
        told, self._told = self._told, []
        return told

    def close(self) -> None:
        """Put the face back, stop the model and listen to no frame any more."""
        self.guard.remove()
        if self._on_frame in bpy.app.handlers.frame_change_post:
            bpy.app.handlers.frame_change_post.remove(self._on_frame)
        self._stream.close()

    def _lay(self, channels: np.ndarray) -> None:
        if self._rig is None:
            self.guard.overlay.rest()
            self._rig = self._request.rig()
        self.guard.overlay.show(self._request.pose(self._rig, channels[None]))

    def _open(self) -> LiveStream | Microphone:
        if self._source == "MICROPHONE":
            return Microphone(self._opener())
        return LiveStream(self._score())

    def _score(self) -> object:
        return score_for(self._request.audio, self._opener(), self._request.valence, self._request.arousal)

    def _load(self, device: str) -> Model:
        """The model, in the thread that performs. Raises WeightsError or DeviceError."""
        model = Model.load(device=device)
        self._told = [*self._told, *filter(None, [model.notice])]
        return model

    def _opener(self) -> Performer:
        request = self._request
        return opener(
            lambda: self._model(request.device),
            request.references,
            request.style_strength,
            request.seed,
            request.influence,
            request.cache,
        )

    def _read(self, context: bpy.types.Context) -> BakeRequest:
        """What to perform as the settings are now. Raises a MouthpieceError."""
        scene, self._takes = context.scene, {}
        self._listed, self._performed = listed(scene.mouthpiece), performed(scene)
        return read_request(context, self._takes)

    def _follow(self, context: bpy.types.Context) -> None:
        """Take over what the artist has changed."""
        if shown := reshaped(self._request, context.scene):
            self._request, self._last = shown, None
        settings, request = context.scene.mouthpiece, self._request
        keyed = any(isinstance(mood, np.ndarray) for mood in (request.valence, request.arousal))
        moved = keyed and start_frame(context.scene) != request.clock.start
        other = performed(context.scene) != self._performed
        if moved or other or listed(settings) != self._listed:
            self.guard.overlay.rest()
            self._request, self._rig = self._read(context), None
        elif fields := otherwise(request, context, self._takes):
            self._request = replace(request, **fields)
        else:
            return
        if isinstance(self._stream, LiveStream):
            self._stream.change(self._score())
        else:
            self._stream.change(self._opener())

    def _on_frame(self, scene: bpy.types.Scene, *_: object) -> None:
        """Another frame, while playing or scrubbing; what goes wrong is told by the next tick."""
        if scene != bpy.context.scene or self.error is not None:
            return
        try:
            self.show(scene)
        except Exception as error:
            self.error = error

    def _undone(self) -> None:
        """Undo has replaced the datablocks."""
        self._rig = None
