import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findHardware } from "../../../profiler/hardware/hardware.ts";
import type { Absence } from "../../../profiler/editing/absences.ts";
import { costliest } from "../../../profiler/editing/costliest.ts";
import { suggest, type SuggestOptions } from "../../../profiler/editing/suggest.ts";
import { formatEdit } from "../../../profiler/editing/edit.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import { stagedNetwork } from "../../vscode/ui/models.ts";
import { readBytes } from "../restructure/edited-model.ts";

const HARDWARE = findHardware("flagship-phone");

async function texts(options: Partial<SuggestOptions> = {}): Promise<readonly string[]> {
  const suggestions = await suggest(await readBytes(stagedNetwork()), { hardware: HARDWARE, ...options });
  return suggestions.map(({ edit }) => formatEdit(edit));
}

describe("suggestions", () => {
  it("are told of as they are found, and ranked when all are there", async () => {
    const told: string[] = [];
    const ranked = await texts({ onFound: ({ edit }) => told.push(formatEdit(edit)) });
    assert.ok(ranked.length > 3);
    assert.deepEqual(told.toSorted(), ranked.toSorted());
    assert.notDeepEqual(told, ranked);
  });

  it("of some layers are those of all that change one of them", async () => {
    const name = "/stage.0/block.1/conv/Conv";
    const suggestions = await suggest(await readBytes(stagedNetwork()), { hardware: HARDWARE });
    const expected = suggestions.filter(({ layers }) => layers.includes(name)).map(({ edit }) => formatEdit(edit));
    assert.ok(expected.length > 0 && expected.length < suggestions.length);
    assert.deepEqual(await texts({ layers: new Set([name]) }), expected);
  });

  it("of one guarantee are those of all that make it", async () => {
    const suggestions = await suggest(await readBytes(stagedNetwork()), { hardware: HARDWARE });
    for (const guarantee of ["exact", "approximate", "needs training"] as const) {
      const expected = suggestions.filter((suggestion) => suggestion.guarantee === guarantee);
      assert.deepEqual(
        await texts({ guarantee }),
        expected.map(({ edit }) => formatEdit(edit)),
      );
    }
  });

  it("are worth it: exact ones first, none that costs more, is slower, or changes answers for next to nothing", async () => {
    const path = join(import.meta.dirname, "../../../media/samples/digits_lenet.onnx");
    const model = await readBytes(readFileSync(path));
    const options = { hardware: HARDWARE };
    const suggestions = await suggest(model, options);
    const first = suggestions.findIndex(({ guarantee }) => guarantee !== "exact");
    assert.ok(first > 0 && suggestions.slice(first).every(({ guarantee }) => guarantee !== "exact"));
    for (const { edit, saves, score, guarantee } of suggestions) {
      assert.ok((saves.latencySeconds ?? 0) > -1e-9 && score > -1e-9, formatEdit(edit));
      if (guarantee !== "exact" && (saves.peakMemoryBytes ?? 0) < 0.05)
        assert.ok(
          ((saves.weightBytes ?? 0) + (saves.energyPicojoules ?? 0) + (saves.latencySeconds ?? 0)) / 3 >= 0.005,
        );
    }
    const absent: string[] = [];
    await suggest(model, { ...options, onAbsences: (all) => absent.push(...all.map(({ reason }) => reason)) });
    assert.ok(
      absent.some((reason) => reason.includes("slower than the model as it is")),
      absent.join("; "),
    );
  });

  it("are of the costliest layers alone where a model has too many places to look at, and say so", async () => {
    const path = join(import.meta.dirname, "../../../media/samples/digits_lenet.onnx");
    const model = await readBytes(readFileSync(path));
    const { layers } = costModel(analyseModel(model, {}), HARDWARE);
    const absences: Absence[] = [];
    const mostLooks = 8 * layers.length;
    const onAbsences = (found: readonly Absence[]): void => void absences.push(...found);
    const few = await suggest(model, { hardware: HARDWARE, mostLooks, onAbsences });
    const all = await suggest(model, { hardware: HARDWARE });
    const named = (found: typeof all, isWhole: boolean): readonly string[] =>
      found.filter(({ edit }) => (edit.target === "") === isWhole).map(({ edit }) => formatEdit(edit));
    assert.deepEqual(named(few, true), named(all, true));
    assert.ok(named(few, false).length > 0 && named(few, false).length <= 8 && named(all, false).length > 8);
    const left = absences.find(({ reason }) => /^of \d+ places in this large model, \d+ were looked at/.test(reason));
    const seconds = (name: string): number => layers.find((layer) => layer.name === name)?.latencySeconds ?? 0;
    const kept = few.filter(({ edit }) => edit.target !== "");
    const least = Math.min(...kept.map((suggestion) => Math.max(...suggestion.layers.map(seconds))));
    assert.ok(left?.layers.every((name) => seconds(name) <= least));
  });

  it("of layers of unknown cost are among those looked at: such a layer may be the costliest", () => {
    const named = (target: string, rest: object = {}) => ({ candidate: { target, layers: [], why: "", ...rest } });
    const all = ["known 1", "?", "known 3", "?2", "?3", "known 2", ""].map((target) => named(target));
    const costOf = ({ target }: { readonly target: string }): number | null =>
      target.startsWith("known") ? Number(target.slice(-1)) : null;
    const kept = (room: number, of = all): readonly string[] =>
      costliest(of, 10, costOf, 10 * room).kept.map(({ candidate }) => candidate.target);
    assert.deepEqual(kept(2), ["?", "known 3", ""]);
    assert.deepEqual(kept(4), ["?", "known 3", "?2", "known 2", ""]);
    assert.deepEqual(kept(1), ["known 3", ""]);
    assert.deepEqual(
      kept(
        2,
        all.filter(({ candidate }) => candidate.target.startsWith("?")),
      ),
      ["?", "?2"],
    );
    assert.equal(kept(7).length, 7);
  });

  it("end when they are given up", async () => {
    const controller = new AbortController();
    const onFound = (): void => controller.abort();
    await assert.rejects(texts({ signal: controller.signal, onFound }), { name: "AbortError" });
  });
});
