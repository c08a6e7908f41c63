"""Motion shards: what goes in comes out, utterance by utterance; the readout survives its file."""

from __future__ import annotations

import json

import numpy as np

from mouthpiece.inference.types import C
from mouthpiece.training.corpus.clip import make_clip
from mouthpiece.training.corpus.lips import LipReadout
from mouthpiece.training.corpus.shards import fingerprint, is_current, write_shard


def clips() -> list:
    rng = np.random.default_rng(0)
    sounds = [rng.integers(-9, 9, n).astype(np.int16) for n in (1300, 640, 0)]
    return [make_clip(f"c{i}", "p", "en", s, rng.uniform(0, 1, (3, C))) for i, s in enumerate(sounds)]


def test_spans_lead_back_to_every_clip(tmp_path):
    made = clips()
    write_shard(tmp_path, "set", made, {"licence": "MIT"}, "mark")
    about = json.loads((tmp_path / "set.json").read_text(encoding="utf-8"))
    with np.load(tmp_path / "set.npz", allow_pickle=False) as stored:
        data = {name: stored[name] for name in stored.files}
    assert about["licence"] == "MIT"
    for clip, item in zip(made, about["utterances"], strict=True):
        np.testing.assert_array_equal(data["audio"][slice(*item["audio"])], clip.audio)
        np.testing.assert_allclose(data["channels"][slice(*item["frames"])], clip.channels, atol=1e-3)
        assert item["hops"][1] - item["hops"][0] == len(clip.phones)
    assert {name: values.dtype.name for name, values in data.items()} == {
        "audio": "int16", "channels": "float16", "gap": "float32", "phones": "int16",
    }  # fmt: skip


def test_a_shard_is_current_only_with_its_own_mark_and_both_files(tmp_path):
    write_shard(tmp_path, "set", clips(), {}, "mark")
    assert is_current(tmp_path, "set", "mark")
    assert not is_current(tmp_path, "set", "other")
    (tmp_path / "set.npz").unlink()
    assert not is_current(tmp_path, "set", "mark")


def test_two_builds_give_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        write_shard(tmp_path / folder, "set", clips(), {}, "mark")
    for name in ("set.npz", "set.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_mark_follows_code_and_data(tmp_path):
    code, data = tmp_path / "code.py", tmp_path / "data.bin"
    code.write_text("1")
    data.write_text("12")
    first = fingerprint([data], [code], tmp_path)
    code.write_text("2")
    second = fingerprint([data], [code], tmp_path)
    data.write_text("123")
    assert len({first, second, fingerprint([data], [code], tmp_path)}) == 3


def test_readout_survives_its_file(tmp_path):
    rng = np.random.default_rng(0)
    readout = LipReadout(rng.normal(size=(2, C)).astype(np.float32), rng.normal(size=2).astype(np.float32))
    readout.save(tmp_path / "lips.npz")
    channels = rng.uniform(0, 1, (4, C))
    np.testing.assert_array_equal(LipReadout.load(tmp_path / "lips.npz")(channels), readout(channels))
