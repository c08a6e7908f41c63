// SPDX-License-Identifier: GPL-3.0-or-later
// A Flamenco job type: the dialogue of a show, its lines shared among the farm's workers.
//
// Put this file into the folder `scripts` beside the Flamenco Manager's program and restart the Manager. Workers
// need the environment that `make test` or requirements/cluster.txt makes, and see the same paths.

const JOB_TYPE = {
    label: "Mouthpiece Batch",
    description: "Animate the lines of a manifest or a folder",
    settings: [
        { key: "manifest", type: "string", subtype: "file_path", required: true,
          description: "Table (CSV) of the lines, or a folder of sounds" },
        { key: "output", type: "string", subtype: "dir_path", required: true,
          description: "Folder for results and report" },
        { key: "characters", type: "string", subtype: "file_path", default: "",
          description: "Table of the characters with their references and rigs; may be empty" },
        { key: "formats", type: "string", default: "csv",
          description: "csv, npz, blend, glb, usd, or several joined by +" },
        { key: "tasks", type: "int32", default: 8,
          description: "Parts that the lines are shared into" },
        { key: "seed", type: "int32", default: 0,
          description: "Another number gives another performance" },
        { key: "python", type: "string", default: "python3",
          description: "The workers' Python that has Mouthpiece" },
        { key: "blender", type: "string", default: "blender",
          description: "The workers' Blender, for blend, glb and usd" },
    ],
};

function compileJob(job) {
    const settings = job.settings;
    const count = Math.max(1, settings.tasks);

    // Whatever the shares have finished stays; what a lost worker did not finish is made here, and the report
    // of the whole list is written.
    const whole = author.Task("report", "misc");
    whole.addCommand(batch(settings, []));

    for (let part = 1; part <= count; part++) {
        const task = author.Task(`lines ${part} of ${count}`, "misc");
        task.addCommand(batch(settings, ["--share", `${part}/${count}`]));
        whole.addDependency(task);
        job.addTask(task);
    }
    job.addTask(whole);
}

function batch(settings, share) {
    const options = [
        "-m", "mouthpiece", "batch", settings.manifest,
        "--out", settings.output,
        "--format", settings.formats,
        "--seed", String(settings.seed),
        "--blender", settings.blender,
        "--resume",
    ];
    if (settings.characters) {
        options.push("--characters", settings.characters);
    }
    return author.Command("exec", { exe: settings.python, args: options.concat(share) });
}
