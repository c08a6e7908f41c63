"""Batches in one process: results, failures, resuming, and nothing lost."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.animate import animate
from mouthpiece.inference.batch.manifest import Defaults, read_manifest
from mouthpiece.inference.batch.report import write_reports
from mouthpiece.inference.batch.run import run_batch
from mouthpiece.inference.batch.store import Store
from mouthpiece.inference.batch.workshop import Setup, Workshop, fingerprint
from mouthpiece.inference.decode import load_audio
from mouthpiece.inference.errors import Cancelled, OutputError
from mouthpiece.inference.livelink import read_take
from mouthpiece.inference.types import INDEX


def statuses(tally) -> list[str]:
    return [outcome.status for outcome in tally.outcomes]


def test_a_line_is_what_animate_makes(show, make, workshop) -> None:
    show.sound("a.wav", 0.5)
    show.take()
    columns = "id,audio,references,valence,seed,format"
    tally = make(show.write("s/a,a.wav,take.csv:a.wav,0.5,3,csv+npz", columns=columns))
    assert tally.whole and statuses(tally) == ["done"]
    audio = load_audio(show.folder / "a.wav")
    expected = animate(
        audio,
        workshop.model,
        references=[(read_take(show.folder / "take.csv", audio), 1.0)],
        valence=0.5,
        seed=3,
    )
    assert sorted(show.files()) == ["s/a.csv", "s/a.npz"]
    for name in show.files():
        np.testing.assert_allclose(read_take(show.out / name).channels, expected, atol=1e-5)


def test_regions_may_follow_the_references_in_part(show, workshop) -> None:
    show.sound("a.wav", 0.5)
    show.take()
    (line,) = read_manifest(show.write("a,a.wav,take.csv,npz", columns="id,audio,references,format")).lines

    def channels(**changes: object) -> np.ndarray:
        lines = [replace(line, **changes), replace(line, row=9, id="b")]
        made = {result.line.id: result for result in workshop.make(lines)}
        (show.folder / "made.npz").write_bytes(made["a"].files["npz"])
        return read_take(show.folder / "made.npz").channels

    styled, plain = channels(), channels(references=())
    mixed = channels(influence=(1.0, 0.0, 1.0, 1.0))
    brow, jaw = INDEX["browInnerUp"], INDEX["jawOpen"]
    assert not np.array_equal(styled[:, brow], plain[:, brow])
    np.testing.assert_array_equal(mixed[:, brow], plain[:, brow])
    np.testing.assert_array_equal(mixed[:, jaw], styled[:, jaw])


def test_bad_lines_are_named_and_stop_nobody(show, make) -> None:
    good = show.sound("good.wav")
    (show.folder / "text.wav").write_bytes(b"no sound" * 99)
    (show.folder / "cut.wav").write_bytes((show.folder / good).read_bytes()[:40])
    (show.folder / "half.wav").write_bytes((show.folder / show.sound("whole.wav", 2)).read_bytes()[:-64_000])
    (show.folder / "none").mkdir()
    rows = [
        "1,good.wav,",
        "2,gone.wav,",
        "3,text.wav,",
        "4,cut.wav,",
        "5,none,",
        "6,good.wav,no.csv",
        "1,good.wav,",
        "8,half.wav,",
    ]
    tally = make(show.write(*rows, "7,good.wav,", columns="id,audio,references"))
    assert statuses(tally) == ["done", *["failed"] * 7, "done"] and not tally.whole
    reasons = [outcome.reason for outcome in tally.outcomes]
    wanted = ("does not exist", "not a readable sound", "not a readable sound", "a folder", "no.csv", "row 2")
    wanted += ("half.wav breaks off: 1.0 s of 2.0 s are there",)
    for reason, part in zip(reasons[1:8], wanted, strict=True):
        assert part in reason
    assert sorted(show.files()) == ["1.csv", "7.csv"]


def test_resume_keeps_what_has_not_changed(show, make) -> None:
    manifest = show.lines([0.2, 0.3, 0.4, 0.2])
    make(manifest)
    times = {name: os.stat(show.out / name).st_mtime_ns for name in show.files()}
    before = show.files()
    show.sound("sound 1.wav", 0.5)  # another sound
    (show.out / "line 2.csv").write_bytes(b"cut off")  # a damaged result
    (show.out / "line 3.csv").unlink()
    tally = make(manifest, resume=True)
    assert statuses(tally) == ["kept", "done", "done", "done"] and tally.whole
    after = show.files()
    assert os.stat(show.out / "line 0.csv").st_mtime_ns == times["line 0.csv"]
    assert after["line 1.csv"] != before["line 1.csv"]
    assert {name: after[name] for name in ("line 0.csv", "line 2.csv", "line 3.csv")} == {
        name: before[name] for name in ("line 0.csv", "line 2.csv", "line 3.csv")
    }
    assert [outcome.frames for outcome in tally.outcomes] == [5, 13, 10, 5]


@pytest.mark.parametrize("rest", [0, 40])
def test_resume_goes_on_after_a_damaged_record(show, make, rest: int) -> None:
    """What a power cut leaves of a record still says that its line's files are the batch's own."""
    show.sound("a.wav")
    manifest = show.write("a,a.wav,csv+npz", "b,a.wav,csv+npz", columns="id,audio,format")
    make(manifest)
    before = show.files()
    for record in (show.out / ".mouthpiece" / "lines").glob("*.json"):
        if json.loads(record.read_text("utf-8"))["id"] == "a":
            record.write_bytes(record.read_bytes()[:rest])
    (show.out / "c.csv").write_text("the artist's own")
    assert statuses(make(manifest, resume=True)) == ["done", "kept"]
    assert show.files() == before | {"c.csv": b"the artist's own"}
    assert statuses(make(manifest, resume=True)) == ["kept", "kept"]


def test_resume_sees_other_settings_weights_and_references(show, make, workshop) -> None:
    show.sound("a.wav")
    show.take()

    def status(row: str, **options) -> str:
        tally = make(show.write(row, columns="id,audio,references,valence,fps,format"), resume=True)
        return statuses(tally)[0]

    assert status("a,a.wav,take.csv,,,") == "done"
    assert status("a,a.wav,take.csv,,,") == "kept"
    assert status("a,a.wav,take.csv,0.1,,") == "done"
    assert status("a,a.wav,take.csv,0.1,30,") == "done"
    assert status("a,a.wav,take.csv,0.1,30,npz") == "done"
    show.take(seed=1)
    assert status("a,a.wav,take.csv,0.1,30,npz") == "done"
    assert status("a,a.wav,take.csv,0.1,30,npz") == "kept"
    store = Store(show.out)
    other = run_batch(
        read_manifest(show.folder / "lines.csv"), store, workshop.make, weights="others", resume=True
    )
    assert statuses(other) == ["done"]


def test_without_resume_everything_is_made(show, make) -> None:
    manifest = show.lines([0.2, 0.2])
    make(manifest)
    assert statuses(make(manifest)) == ["done", "done"]


def test_no_file_that_is_not_ours_is_replaced(show, make) -> None:
    show.sound("a.wav")
    show.out.mkdir()
    (show.out / "mine.csv").write_text("a take of the artist's")
    (show.out / "lines.csv").write_text("id,audio\nlines,../a.wav\nmine,../a.wav\nok,../a.wav\n")
    tally = make(show.out / "lines.csv", protected=[show.out / "lines.csv"])
    assert statuses(tally) == ["failed", "failed", "done"]
    assert "is an input" in tally.outcomes[0].reason and "not of a former batch" in tally.outcomes[1].reason
    assert (show.out / "mine.csv").read_text() == "a take of the artist's"


def test_a_format_that_is_added_later_replaces_no_file_of_the_artist(show, make) -> None:
    show.sound("a.wav")
    make(show.write("a,a.wav,csv", columns="id,audio,format"))
    (show.out / "a.npz").write_text("the artist's own")
    tally = make(show.write("a,a.wav,csv+npz", columns="id,audio,format"), resume=True)
    assert statuses(tally) == ["failed"] and "not of a former batch" in tally.outcomes[0].reason
    assert (show.out / "a.npz").read_text() == "the artist's own"


def test_formats_that_come_and_go_stay_ours_and_are_never_stale(show, make) -> None:
    show.sound("a.wav")

    def status(kinds: str) -> str:
        return statuses(make(show.write(f"a,a.wav,{kinds}", columns="id,audio,format"), resume=True))[0]

    assert [status(kinds) for kinds in ("csv", "npz")] == ["done", "done"]
    show.sound("a.wav", 0.6)
    assert [status(kinds) for kinds in ("npz", "csv", "csv+npz", "csv+npz")] == ["done"] * 3 + ["kept"]
    assert {len(read_take(show.out / name).channels) for name in show.files()} == {15}


def test_a_file_that_changes_while_its_line_is_made_is_seen_by_resume(show, make, workshop) -> None:
    show.sound("a.wav", 0.5)
    show.take()
    manifest = show.write("a,a.wav,take.csv,npz", columns="id,audio,references,format")

    for change in (lambda: show.sound("a.wav", 1.0), lambda: show.take(seed=1)):

        def replaced(change=change) -> bool:
            change()
            return False

        assert make(manifest, maker=lambda lines, late=replaced: workshop.make(lines, late)).whole
        stale = show.files()
        assert statuses(make(manifest, resume=True)) == ["done"] and show.files() != stale
        assert statuses(make(manifest, resume=True)) == ["kept"]


def test_a_reference_is_never_replaced_by_a_result(show, make) -> None:
    show.sound("a.wav")
    show.out.mkdir()
    show.take("out/a.csv")
    taken = (show.out / "a.csv").read_bytes()
    tally = make(show.write("a,a.wav,out/a.csv", columns="id,audio,references"))
    assert statuses(tally) == ["failed"] and (show.out / "a.csv").read_bytes() == taken


@pytest.mark.parametrize("name", ["report.json", "report.html"])
def test_a_report_of_somebody_else_is_kept_and_nothing_is_made(show, make, name: str) -> None:
    manifest = show.lines([0.2])
    show.out.mkdir()
    (show.out / name).write_text('{"source": "the artist"}')
    with pytest.raises(OutputError, match=f"{name} is there and no report of a former batch: move it away"):
        make(manifest)
    assert (show.out / name).read_text() == '{"source": "the artist"}' and not show.files()


def test_a_report_never_replaces_what_the_batch_reads(show, make) -> None:
    show.sound("a.wav")
    show.out.mkdir()
    frames = [{"t": i / 30, "blendshapes": {"jawOpen": 0.01 * i}} for i in range(60)]
    (show.out / "report.json").write_text(json.dumps(frames))
    with pytest.raises(OutputError, match=r"report\.json is an input of the batch"):
        make(show.write("a,a.wav,out/report.json", columns="id,audio,references"))
    assert json.loads((show.out / "report.json").read_text()) == frames


@pytest.mark.parametrize("share", ["", "-1-of-2"])
def test_reports_of_a_former_batch_are_replaced(show, make, share: str) -> None:
    manifest = show.lines([0.2])
    for counts in ({"done": 1}, {"kept": 1}):
        tally = make(manifest, resume=True, share=share)
        report, _ = write_reports(tally, Store(show.out), share)
        assert json.loads(report.read_text("utf-8"))["counts"].items() >= counts.items()


def test_cancelled_keeps_what_is_done(show, make, workshop) -> None:
    calls = iter(range(99))
    tally = make(
        show.lines([0.2, 3.0, 0.2, 3.0]),
        maker=lambda lines: workshop.make(lines, cancelled=lambda: next(calls) >= 1),
    )
    assert tally.stopped == "cancelled" and not tally.whole
    assert statuses(tally) == ["done", "left", "done", "left"] and len(show.files()) == 2
    assert make(show.folder / "lines.csv", resume=True).whole


def test_interrupt_is_survived(show, make, workshop) -> None:
    def interrupted(lines):
        for index, result in enumerate(workshop.make(lines)):
            if index == 2:
                raise KeyboardInterrupt
            yield result

    tally = make(show.lines([0.2] * 4), maker=interrupted)
    assert (tally.stopped, tally.count("done"), tally.count("left")) == ("interrupted", 2, 2)
    write_reports(tally, Store(show.out))
    assert json.loads((show.out / "report.json").read_text("utf-8"))["stopped"] == "interrupted"


def test_a_bug_outside_the_lines_is_in_the_report(show, make, workshop) -> None:
    def broken(lines):
        yield next(workshop.make(lines))
        raise KeyError("unforeseen")

    tally = make(show.lines([0.2] * 3), maker=broken)
    assert tally.stopped == "unexpected KeyError: 'unforeseen' (please report this)" and not tally.whole
    assert (tally.count("done"), tally.count("left")) == (1, 2)


def test_progress_tells_how_far_and_how_long(show, make) -> None:
    told = []
    make(show.lines([0.2] * 3), progress=told.append)
    assert [(one.over, one.total) for one in told] == [(i, 3) for i in range(4)]
    assert told[0].left is None and told[-1].left == 0
    assert "3 of 3 lines" in told[-1].text()


def test_a_bug_in_one_line_is_a_failed_line(show, make, monkeypatch) -> None:
    from mouthpiece.inference.batch import workshop as module

    real = module.sketch
    monkeypatch.setattr(module, "sketch", lambda channels: 1 / (len(channels) - 8) and real(channels))
    tally = make(show.lines([0.2, 0.32, 0.2]))
    assert statuses(tally) == ["done", "failed", "done"]
    assert "unexpected ZeroDivisionError" in tally.outcomes[1].reason


def test_reports_say_what_happened(show, make) -> None:
    show.sound("a.wav")
    tally = make(show.write("a & <b>,a.wav", "б,none.wav", "c,a.wav"))
    assert statuses(tally) == ["failed", "failed", "done"]
    report, page = write_reports(tally, Store(show.out))
    said = json.loads(report.read_text("utf-8"))
    assert said["counts"] == {"done": 1, "kept": 0, "failed": 2, "left": 0} and not said["whole"]
    assert [line["status"] for line in said["lines"]] == ["failed", "failed", "done"]
    assert said["lines"][2]["files"] == ["c.csv"] and "none.wav" in said["lines"][1]["reason"]
    text = page.read_text("utf-8")
    assert "a &amp; &lt;b&gt;" in text and "<b>" not in text and "none.wav" in text
    assert text.count("<svg class=curve") == 1 and text.count("<svg class=face") == 3
    assert "http" not in text.replace("http-equiv", "")


def test_reports_say_what_was_mended_in_a_take(show, make) -> None:
    """Once, also where the take is embedded already and where the lines are kept."""
    show.sound("a.wav")
    path = show.folder / show.take()
    rows = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*rows[:9], rows[9][:200], *rows[10:]]), "utf-8")
    said = [f"{path}: 1 of 60 rows are damaged or show no face; they repeat the row before."]
    columns = "id,audio,references"
    for ids, counts in (("ab", [2, 0]), ("abc", [1, 2]), ("abc", [0, 3])):
        manifest = show.write(*(f"{name},a.wav,take.csv" for name in ids), columns=columns)
        tally = make(manifest, resume=True)
        assert [tally.count("done"), tally.count("kept")] == counts and tally.notes == said
    store = Store(show.out)
    fresh = Workshop(Setup(cache=str(store.cache)))
    for _ in range(2):
        assert make(manifest, maker=fresh.make).notes == said
        fresh = Workshop(Setup(cache=str(store.cache)))
    assert said[0] in write_reports(tally, store)[1].read_text("utf-8")


def test_all_lines_there_and_empty_columns(show, make) -> None:
    tally = make(show.lines([0.2]))
    text = write_reports(tally, Store(show.out))[1].read_text("utf-8")
    assert "All lines are there" in text and "Failed" not in text


def test_the_same_file_twice_is_the_same_bytes(show, make) -> None:
    manifest = show.write(f"a,{show.sound('a.wav')},npz", columns="id,audio,format")
    make(manifest)
    first = show.files()
    make(manifest)
    assert show.files() == first


def test_cancelled_is_no_failed_line(show, workshop) -> None:
    lines = read_manifest(show.lines([0.2]), defaults=Defaults()).lines
    with pytest.raises(Cancelled):
        list(workshop.make(lines, cancelled=lambda: True))


def test_another_weights_folder(tmp_path: Path, write_weights, show) -> None:
    folder = str(write_weights(tmp_path / "weights"))
    made = Workshop(Setup(weights=folder)).make(read_manifest(show.lines([0.2])).lines)
    assert [result.error for result in made] == [""] and fingerprint(folder) != fingerprint()
