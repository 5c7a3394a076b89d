import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareFile, writeAtomically } from "../../../profiler/bytes/atomic-file.ts";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { sweepTemporaryFiles, temporaryName } from "../../../profiler/bytes/temporary-file.ts";
import { writeTargetAt } from "../../../profiler/bytes/write-target.ts";
import { FileAccessError } from "../../../profiler/errors.ts";
import { skip } from "../../skip.ts";

const NEW = new TextEncoder().encode("new");

describe("A file that is written whole or not at all", () => {
  let folder = "";
  let notes: string[] = [];
  const at = (name: string): string => join(folder, name);
  const save = (name: string): Promise<void> =>
    writeAtomically(at(name), (target) => target.write(NEW), { onNote: (note) => notes.push(note) });
  const refused = async (name: string, reason: RegExp): Promise<void> => {
    const before = readdirSync(folder).toSorted();
    await assert.rejects(
      writeAtomically(name.startsWith("/") ? name : at(name), () => assert.fail("nothing is asked for its bytes")),
      (error: unknown) => error instanceof FileAccessError && reason.test(error.message),
    );
    assert.deepEqual(readdirSync(folder).toSorted(), before);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "edgewise-atomic-"));
    notes = [];
    if (process.platform === "win32") return;
    writeFileSync(at("old"), "old", { mode: 0o640 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("hands permissions on, and has nothing to say of an ordinary file", async () => {
    await save("old");
    await save("fresh");
    assert.equal(readFileSync(at("old"), "utf8"), "new");
    assert.equal(statSync(at("old")).mode & 0o777, 0o640);
    assert.deepEqual([notes, readdirSync(folder).toSorted()], [[], ["fresh", "old"]]);
  });

  it("follows a symbolic link, and links to it, to the file that they name", async () => {
    mkdirSync(at("elsewhere"));
    writeFileSync(at("elsewhere/real"), "old");
    symlinkSync("elsewhere/real", at("link"));
    symlinkSync("link", at("link-to-link"));
    await save("link-to-link");
    assert.ok(lstatSync(at("link")).isSymbolicLink());
    assert.equal(readFileSync(at("elsewhere/real"), "utf8"), "new");
    symlinkSync("elsewhere/not-yet", at("leads-to-nothing"));
    await save("leads-to-nothing");
    assert.equal(readFileSync(at("elsewhere/not-yet"), "utf8"), "new");
    assert.deepEqual(readdirSync(at("elsewhere")).toSorted(), ["not-yet", "real"]);
  });

  it("says that other names of the file keep the old one", async () => {
    linkSync(at("old"), at("other-name"));
    await save("old");
    assert.equal(readFileSync(at("other-name"), "utf8"), "old");
    assert.deepEqual(notes, [`${at("old")} has other names (hard links): they keep the old file.`]);
  });

  it("says that another writer's version, made meanwhile, is replaced", async () => {
    const options = { onNote: (note: string) => void notes.push(note) };
    const mine = await prepareFile(at("old"), (target) => target.write(NEW), options);
    await writeAtomically(at("old"), (target) => target.write(new TextEncoder().encode("theirs")));
    await mine.replace();
    assert.equal(readFileSync(at("old"), "utf8"), "new");
    assert.match(
      notes.join("\n"),
      /^\S+ was written or removed by another program meanwhile: what it wrote is replaced\.$/,
    );
  });

  it("says it of what came since the save began, where other files were written first", async () => {
    const begunAt = await writeTargetAt(at("old"));
    await writeAtomically(at("old"), (target) => target.write(new TextEncoder().encode("theirs")));
    await writeAtomically(at("old"), (target) => target.write(NEW), { begunAt, onNote: (note) => notes.push(note) });
    assert.match(notes.join("\n"), /^\S+ was written or removed by another program meanwhile: /);
  });

  it("says that it was itself replaced at once, by a writer who could not know of it", async () => {
    writeFileSync(at("theirs"), "theirs");
    const mine = await prepareFile(at("old"), (target) => target.write(NEW), { onNote: (note) => notes.push(note) });
    const saving = mine.replace();
    while (readFileSync(at("old"), "utf8") !== "new") await new Promise((resolve) => setImmediate(resolve));
    renameSync(at("theirs"), at("old"));
    await saving;
    assert.match(
      notes.join("\n"),
      /^\S+ was written or removed by another program right after it was saved: what was saved is gone\.$/,
    );
    assert.deepEqual(readdirSync(folder), ["old"]);
  });

  it("never takes the place of another file that it is not to replace", async () => {
    const first = await prepareFile(at("data"), (target) => target.write(NEW));
    const second = await prepareFile(at("data"), (target) => target.write(new Uint8Array(1)));
    assert.deepEqual([await first.create(), await second.create()], [true, false]);
    assert.equal(readFileSync(at("data"), "utf8"), "new");
    assert.deepEqual(readdirSync(folder).toSorted(), ["data", "old"]);
  });

  it("refuses what is no regular file", async function () {
    if (process.platform !== "linux") skip(this, "pipes and devices are looked for where Linux has them");
    mkdirSync(at("folder"));
    assert.equal(spawnSync("mkfifo", [at("pipe")]).status, 0);
    const server = createServer().listen(at("socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    symlinkSync("circle-b", at("circle-a"));
    symlinkSync("circle-a", at("circle-b"));
    symlinkSync("/dev/null", at("to-device"));
    try {
      await refused("folder", /it is a folder$/);
      await refused("pipe", /it is a pipe$/);
      await refused("socket", /it is a socket$/);
      await refused("to-device", /it is a file of the system's own$/);
      await refused("/dev/null", /it is a file of the system's own$/);
      await refused("/proc/self/fd/1", /it is a file of the system's own$/);
      await refused("circle-a", /its symbolic links lead in a circle$/);
    } finally {
      server.close();
    }
  });

  it("refuses a file that is marked read-only, whoever asks", async () => {
    chmodSync(at("old"), 0o444);
    await refused("old", /it is read-only$/);
    assert.equal(readFileSync(at("old"), "utf8"), "old");
  });

  it("removes what a killed writer left, and nothing of one that lives", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const mine = temporaryName();
    const ended = temporaryName("0123456789ab").replace(`-${process.pid}-`, `-${pid}-`);
    const elsewhere = ended.replace(/^\.edgewise-[0-9a-f]{8}/, ".edgewise-00000000");
    for (const name of [mine, ended, elsewhere]) writeFileSync(at(name), "half");
    assert.deepEqual(await sweepTemporaryFiles(folder), ["0123456789ab"]);
    assert.deepEqual(readdirSync(folder).toSorted(), [mine, elsewhere, "old"].toSorted());
    writeFileSync(at(ended), "half");
    await save("old");
    assert.ok(!readdirSync(folder).includes(ended));
  });

  it("has a temporary name of its own length, however long the file's is", async () => {
    const long = "m".repeat(250);
    await save(long);
    assert.equal(readFileSync(at(long), "utf8"), "new");
  });
});

describe("Opening a file", () => {
  it("refuses a pipe at once, without waiting for who writes into it", async function () {
    if (process.platform === "win32") skip(this, "Windows has no pipes among its files");
    const folder = mkdtempSync(join(tmpdir(), "edgewise-pipe-"));
    try {
      assert.equal(spawnSync("mkfifo", [join(folder, "model.onnx")]).status, 0);
      await assert.rejects(FileSource.open(join(folder, "model.onnx")), /it is not a file$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
