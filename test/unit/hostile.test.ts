import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { costModel, suggest } from "../../profiler/editing/index.ts";
import { diagnose, diagnoseWeights } from "../../profiler/diagnostics/index.ts";
import { EdgewiseError, LimitError } from "../../profiler/errors.ts";
import {
  analyseModel,
  DEFAULT_HARDWARE,
  exportProfile,
  ExternalDataFolder,
  FileSource,
  listModel,
  profileModel,
  readModel,
} from "../../profiler/index.ts";
import { parseSize } from "../../profiler/shapes/parse-size.ts";

/** Files that were made to do harm to a reader, or that one node of spoils a model for. The names say how. */
const FOLDER = join(import.meta.dirname, "../fixtures/hostile");

/** Seconds of processor time, with what a busy machine adds to it. */
const MOST_SECONDS = 2;

const UNFOLDING = /^(?:slow|memory|hang)-/;

describe("A hostile file", () => {
  for (const name of readdirSync(FOLDER)) {
    const path = join(FOLDER, name);
    const open = async (): Promise<FileSource> => FileSource.open(path);

    if (UNFOLDING.test(name)) {
      it(`${name} ends with the limit that it passes, soon`, async () => {
        const before = process.cpuUsage();
        await assert.rejects(readModel(await open(), new ExternalDataFolder(path)), (error: unknown) => {
          assert.ok(error instanceof LimitError, String(error));
          assert.ok(error.message.startsWith(path), error.message);
          return true;
        });
        const { user, system } = process.cpuUsage(before);
        assert.ok((user + system) / 1e6 < MOST_SECONDS, `it took ${(user + system) / 1e6} s of processor time`);
      });
      continue;
    }

    it(`${name} costs itself, never the model: every view works, and no total is wrong`, async function () {
      this.timeout(60_000);
      const model = await readModel(await open(), new ExternalDataFolder(path));
      const analysed = analyseModel(model, {});
      const profile = costModel(analysed, DEFAULT_HARDWARE);
      for (const [total, value] of Object.entries(profile.totals) as [string, unknown][])
        assert.ok(typeof value !== "number" || value >= 0, `${total} is ${String(value)}`);
      assert.ok(listModel(analysed).text.length > 0);
      diagnose(analysed, profile);
      await diagnoseWeights(analysed, profile).catch((error: unknown) => assert.ok(error instanceof EdgewiseError));
      await suggest(model, { hardware: DEFAULT_HARDWARE });
      const whole = await profileModel(await open(), new ExternalDataFolder(path), {});
      for (const format of ["csv", "json", "markdown", "html"] as const) exportProfile(whole, format);
      JSON.parse(exportProfile(whole, "json"));
    });
  }
});

describe("A size of very many names", () => {
  it("is read in a time that grows with their number, not with its square", () => {
    const names = Array.from({ length: 40_000 }, (_, index) => `N${index}`);
    const before = process.cpuUsage();
    assert.deepEqual(parseSize(`${names.join(" + ")} - N0`)?.names, names);
    const { user, system } = process.cpuUsage(before);
    assert.ok((user + system) / 1e6 < MOST_SECONDS, `it took ${(user + system) / 1e6} s of processor time`);
  });
});
