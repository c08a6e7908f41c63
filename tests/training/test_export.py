"""An exported model equals torch, at any batch, and an export that does not is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.model import Model  # noqa: E402
from mouthpiece.training.export import check, export  # noqa: E402
from mouthpiece.training.model.config import Config  # noqa: E402
from mouthpiece.training.model.step import Mouthpiece  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
SMALL = Config(conv=32, trunk=24, decoder=20, style=8, face=16)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("weights")
    export(Mouthpiece(SMALL), folder, "1.test")
    return folder


def test_checksums_are_listed_and_the_engine_accepts_the_files(exported: Path) -> None:
    for line in (exported / "SHA256SUMS").read_text(encoding="ascii").splitlines():
        digest, name = line.split()
        assert hashlib.sha256((exported / name).read_bytes()).hexdigest() == digest
    model = Model.load(exported)
    assert model.about["version"] == "1.test"
    assert model.style_size == SMALL.style


def test_rows_of_a_batch_equal_single_tracks(exported: Path) -> None:
    model = Model.load(exported)
    rng = np.random.default_rng(0)
    mel, style, noise = (
        rng.standard_normal(shape).astype(np.float32)
        for shape in ((3, 4, 80), (3, SMALL.style), (3, model.noise_size))
    )
    together, _, _ = model.step(mel, style, noise, model.initial_state(3))
    for row in range(3):
        part = slice(row, row + 1)
        alone, _, _ = model.step(mel[part], style[part], noise[part], model.initial_state(1))
        np.testing.assert_allclose(together[part], alone, atol=1e-5)


def test_a_graph_that_differs_from_torch_is_refused(exported: Path) -> None:
    torch.manual_seed(2)
    other = Mouthpiece(SMALL).style.eval()
    inputs = [
        torch.rand(1, 9, SMALL.channels),
        torch.ones(1, SMALL.channels),
        torch.rand(1, 36, 80),
        torch.ones(1, 1),
    ]
    with pytest.raises(RuntimeError, match="differ"):
        check(exported / "style.onnx", other, ["channels", "measured", "mel", "has_audio"], inputs)


def test_no_path_of_the_training_machine_stays_in_the_files(exported: Path) -> None:
    for path in exported.glob("*.onnx"):
        assert b".py" not in path.read_bytes(), path.name
