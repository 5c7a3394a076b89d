import assert from "node:assert/strict";
import { formatBackup, parseBackup } from "../../../extension/editor/backup.ts";
import { DocumentTrials } from "../../../extension/editor/document-trials.ts";
import {
  changeBetween,
  inForce,
  listOf,
  restoredList,
  type EditList,
  type WantedEdit,
} from "../../../extension/editor/edit-list.ts";
import { labelOf } from "../../../extension/worker/edit-label.ts";
import type { Edit } from "../../../profiler/editing/edit.ts";
import type { ListedEdit } from "../../../webview/protocol/editing.ts";

const edit = (target: string, rank = 8): Edit => ({ restructuring: "dense-low-rank", target, options: { rank } });
const SAMPLES = { count: 16, description: "digits.npy", isRandom: false, hasLabels: false };
const list = (wanted: readonly WantedEdit[], before: EditList = []): EditList => {
  const described = wanted.map(({ edit: each }) => ({
    label: labelOf("Low rank", each),
    title: "Low rank",
    options: [],
  }));
  return listOf(wanted, before, described, null);
};
const TWO = list([
  { edit: edit("fc6"), isOn: true },
  { edit: edit("fc7"), isOn: true },
]);
const [FC6, FC7] = TWO;

describe("The list of edits", () => {
  it("names an edit by its title, target and options", () => {
    assert.equal(labelOf("Low rank", edit("fc6", 128)), "Low rank fc6 (rank=128)");
    assert.equal(labelOf("Low rank", { restructuring: "x", target: "fc6", options: {} }), "Low rank fc6");
    assert.equal(labelOf("Reduce resolution", { restructuring: "x", target: "", options: {} }), "Reduce resolution");
  });

  it("gives new edits ids that no other has, and keeps those of the old", () => {
    assert.deepEqual(
      TWO.map(({ id }) => id),
      [1, 2],
    );
    const more = list([{ edit: edit("fc8"), isOn: true }, ...TWO.slice(1)], TWO);
    assert.deepEqual(
      more.map(({ id }) => id),
      [3, 2],
    );
    assert.equal(more[1], FC7, "what did not change is the same object");
  });

  it("keeps what trying an edit measured, until its options change", () => {
    const check = { samples: SAMPLES, outputs: [], unmatched: [], doubts: [] };
    const trials = new DocumentTrials();
    const on = { content: {}, samples: { seed: 1 } };
    trials.note(on, [edit("fc6")], check);
    trials.note(on, [edit("fc7"), edit("fc8")], check);
    const found = [edit("fc6"), edit("fc6", 4), edit("fc7")].map((each) => trials.of(on, each));
    assert.deepEqual(found, [check, undefined, undefined], "of this edit alone");
    assert.equal(trials.of({ ...on, content: {} }, edit("fc6")), undefined, "another model");
    assert.equal(trials.of({ ...on, samples: { seed: 2 } }, edit("fc6")), undefined, "other samples");

    const applied = list([{ edit: edit("fc6"), isOn: true, tried: check }]);
    const [first] = applied;
    assert.ok(first);
    assert.equal(list([{ id: first.id, edit: first.edit, isOn: false }], applied)[0]?.tried, check);
    assert.equal(list([{ id: first.id, edit: edit("fc6", 4), isOn: true }], applied)[0]?.tried, undefined);
    const identity = { size: 3, modifiedMilliseconds: 5, digest: "d" };
    const backup = parseBackup(formatBackup({ file: "m", identity, copy: null, edits: applied }));
    const [restored] = restoredList(backup?.edits ?? [], []);
    assert.deepEqual(restored?.tried, check, "it survives a restart");
  });

  it("computes an edit with other options with the samples chosen now, and keeps those of the others", () => {
    assert.ok(FC6 && FC7);
    const samples = { seed: 7 };
    const wanted = [FC6, { ...FC7, edit: edit("fc7", 4) }];
    const described = wanted.map(({ edit: each }) => ({
      label: labelOf("Low rank", each),
      title: "Low rank",
      options: [],
    }));
    const changed = listOf(wanted, TWO, described, samples);
    assert.deepEqual(
      changed.map(({ calibration }) => calibration),
      [null, samples],
    );
    assert.equal(changed[1]?.id, FC7.id);
    assert.equal(changed[1].label, "Low rank fc7 (rank=4)");
  });

  it("leaves out what is switched off", () => {
    const off = list(
      TWO.map((kept, place) => ({ ...kept, isOn: place === 1 })),
      TWO,
    );
    assert.deepEqual(inForce(off), [{ edit: edit("fc7"), calibration: null }]);
  });

  const CHANGES: readonly (readonly [what: string, wanted: readonly ListedEdit[], change: unknown])[] = [
    ["one more", [...TWO, { edit: edit("fc8"), isOn: true }], { kind: "apply", label: "Low rank fc8 (rank=8)" }],
    [
      "two more",
      [...TWO, { edit: edit("fc8"), isOn: true }, { edit: edit("fc9"), isOn: true }],
      { kind: "apply-many", count: 2 },
    ],
    ["one less", TWO.slice(1), { kind: "remove", label: "Low rank fc6 (rank=8)" }],
    ["the other order", TWO.toReversed(), { kind: "move", label: "Low rank fc7 (rank=8)" }],
    [
      "one switched off",
      TWO.map((kept, place) => ({ ...kept, isOn: place === 0 })),
      { kind: "switch-off", label: "Low rank fc7 (rank=8)" },
    ],
    [
      "another option",
      TWO.map((kept, place) => (place === 0 ? { ...kept, edit: edit("fc6", 2) } : kept)),
      { kind: "change", label: "Low rank fc6 (rank=2)" },
    ],
    ["several things", [{ edit: edit("fc8"), isOn: true }], { kind: "other" }],
    ["nothing", TWO, undefined],
    ["options in another order", TWO.map((kept) => ({ ...kept, edit: { ...kept.edit } })), undefined],
  ];
  for (const [what, wanted, change] of CHANGES) {
    it(`says what an action did: ${what}`, () => {
      assert.deepEqual(changeBetween(TWO, list(wanted, TWO)), change);
    });
  }
});
