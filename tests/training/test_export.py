"""An exported model equals torch, at any batch, and an export that does not is refused."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.model import Model  # noqa: E402
from mouthpiece.inference.session import Session  # noqa: E402
from mouthpiece.training import variants  # noqa: E402
from mouthpiece.training.export import check, examples, export, move_graph  # noqa: E402
from mouthpiece.training.model.config import Config  # noqa: E402
from mouthpiece.training.model.step import Mouthpiece  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
SMALL = Config(
    conv=32, ear=24, ear_blocks=2, mouth=24, width=32, layers=2, heads=2, window=6, flow=16, style=8
)


USUAL = {"channels": [0, 1], "mean": [0.5, 0.5], "covariance": [[1.0, 0.0], [0.0, 1.0]]}


def small(seed: int) -> Mouthpiece:
    """An untrained model whose codec shows something."""
    torch.manual_seed(seed)
    model = Mouthpiece(SMALL).eval()
    model.codec.mean.fill_(0.4)
    model.codec.synthesis.normal_(std=0.02)
    model.codec.analysis.normal_(std=0.5)
    return model


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    export(small(1), folder, "2.test", USUAL)
    return folder


def test_checksums_are_listed_and_the_engine_accepts_the_files(exported: Path) -> None:
    for line in (exported / "SHA256SUMS").read_text(encoding="ascii").splitlines():
        digest, name = line.split()
        assert hashlib.sha256((exported / name).read_bytes()).hexdigest() == digest
    model = Model.load(exported)
    assert model.about["version"] == "2.test"
    assert model.style_size == SMALL.manner


def test_rows_of_a_batch_equal_single_tracks(exported: Path) -> None:
    model, rng = Model.load(exported), np.random.default_rng(0)
    sound = 0.1 * rng.standard_normal((3, 16_000)).astype(np.float32)
    together = Session(model, batch=3, seed=2).push(sound)
    for row in range(3):
        np.testing.assert_allclose(together[row], Session(model, seed=2).push(sound[row]), atol=1e-5)
    assert together.std() > 1e-3


@pytest.mark.parametrize(("name", "free"), [("listen", 2), ("ask", 1), ("move", 1)])
def test_no_size_is_read_at_run_time_but_those_that_are_free(exported: Path, name: str, free: int) -> None:
    """The batch, and in what listens the ticks."""
    nodes = onnx.load(exported / f"{name}.onnx").graph.node
    made = {output: node for node in nodes for output in node.output}
    sizes = [n for n in nodes if n.op_type == "Gather" and made.get(n.input[0], n).op_type == "Shape"]
    axes = [onnx.numpy_helper.to_array(made[node.input[1]].attribute[0].t) for node in sizes]
    assert not any(np.any(axis >= free) for axis in axes)
    used = {name for node in nodes for name in node.input}
    assert not [node.name for node in nodes if node.op_type == "Constant" and node.output[0] not in used]


def test_a_graph_that_differs_from_torch_is_refused(exported: Path) -> None:
    other = move_graph(small(2)).eval()
    with pytest.raises(RuntimeError, match="differ"):
        check(exported / "move.onnx", other, examples(other.model, other, 1))


def test_no_path_of_the_training_machine_stays_in_the_files(exported: Path) -> None:
    for path in exported.glob("*.onnx"):
        assert b".py" not in path.read_bytes(), path.name


def test_a_variant_is_the_checkpoint_with_one_thing_changed(exported: Path, tmp_path: Path) -> None:
    own, model = Model.load(exported), small(1)
    saved = {"config": asdict(SMALL), "weights": model.state_dict()}
    torch.save(saved, tmp_path / "student.pt")
    with variants.changed(tmp_path / "student.pt", variants.MEAN, own) as mean:
        assert {name: mean.about[name] for name in ("usual", "seal")} == {
            name: own.about[name] for name in ("usual", "seal")
        }
        assert mean.hashes["move.onnx"] != own.hashes["move.onnx"]
