"""The Flamenco job type gives commands that the command line understands, and shares that make the whole."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from mouthpiece import __main__ as cli

SCRIPT = Path(__file__).resolve().parents[3] / "docs" / "flamenco" / "mouthpiece_batch.js"
MANAGER = """
const tasks = [];
const author = {
    Task: (name, type) => ({ name, type, commands: [], needs: [],
        addCommand(command) { this.commands.push(command); },
        addDependency(task) { this.needs.push(task.name); } }),
    Command: (name, parameters) => ({ name, parameters }),
};
const settings = Object.fromEntries(JOB_TYPE.settings.map((one) => [one.key, one.default]));
Object.assign(settings, { manifest: "lines.csv", output: "out", tasks: 3, characters: "cast.csv" });
compileJob({ settings, addTask: (task) => tasks.push(task) });
console.log(JSON.stringify(tasks));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run JavaScript")
def test_the_job_type_compiles_to_batches(tmp_path: Path) -> None:
    (tmp_path / "job.js").write_text(SCRIPT.read_text("utf-8") + MANAGER, "utf-8")
    done = subprocess.run(["node", tmp_path / "job.js"], capture_output=True, text=True, check=True)
    *shares, last = json.loads(done.stdout)
    assert last["needs"] == [task["name"] for task in shares] and len(shares) == 3
    options = []
    for task in (*shares, last):
        (command,) = task["commands"]
        assert command["name"] == "exec"
        arguments = command["parameters"]["args"]
        assert arguments[:3] == ["-m", "mouthpiece", "batch"]
        options.append(cli.parse(arguments[2:]))
    assert [one.share for one in options] == [(1, 3), (2, 3), (3, 3), (1, 1)]
    assert all(one.resume and one.characters == Path("cast.csv") for one in options)
