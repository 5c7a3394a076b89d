import assert from "node:assert/strict";
import fc from "fast-check";

import { OptionError } from "../../../profiler/errors.ts";
import { formatEdit, parseEdit } from "../../../profiler/editing/edit.ts";
import { completeOptions, type OptionSpec } from "../../../profiler/restructure/options.ts";

const SPECS: readonly OptionSpec[] = [
  { id: "rank", title: "Rank", description: "", type: "integer", minimum: 1 },
  { id: "energy", title: "Energy kept", description: "", type: "number", default: 0.9, minimum: 0, maximum: 1 },
  { id: "refit", title: "Refit", description: "", type: "boolean", default: true },
  {
    id: "by",
    title: "Importance",
    description: "",
    type: "choice",
    choices: [{ value: "l1", title: "L1" }],
    default: "l1",
  },
];

describe("edits as text", () => {
  it("reads id, target and options", () => {
    assert.deepEqual(parseEdit("dense-low-rank:/fc/Gemm:rank=64,refit=false,by=l1"), {
      restructuring: "dense-low-rank",
      target: "/fc/Gemm",
      options: { rank: 64, refit: false, by: "l1" },
    });
    assert.deepEqual(parseEdit("remove-no-ops"), { restructuring: "remove-no-ops", target: "", options: {} });
    assert.deepEqual(parseEdit("fold-batch-norm:StatefulPartitionedCall:0").target, "StatefulPartitionedCall:0");
    assert.deepEqual(parseEdit("prune-weights:Call:0:sparsity=0.5,pattern=2:4"), {
      restructuring: "prune-weights",
      target: "Call:0",
      options: { sparsity: 0.5, pattern: "2:4" },
    });
  });

  it("gives back what was written, whatever the target's letters", () => {
    const text = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(
        text,
        fc.dictionary(fc.constantFrom("rank", "by"), fc.constantFrom(3, 0.5, true, "a,b=c:d%")),
        (target, given) => {
          const options = Object.fromEntries(Object.entries(given));
          const edit = { restructuring: "x", target, options };
          assert.deepEqual(parseEdit(formatEdit(edit)), edit);
        },
      ),
    );
  });

  it("refuses a text without an id", () => {
    assert.throws(() => parseEdit(":target"), OptionError);
  });
});

describe("options of edits", () => {
  it("fills in defaults and leaves out what has none", () => {
    assert.deepEqual(completeOptions(SPECS, { refit: false }), { energy: 0.9, refit: false, by: "l1" });
  });

  for (const [given, message] of [
    [{ ranks: 3 }, /option "ranks" is not known: rank, energy, refit, by/],
    [{ rank: 1.5 }, /"rank" must be a whole number from 1, not "1.5"/],
    [{ rank: 0 }, /whole number from 1/],
    [{ energy: 2 }, /"energy" must be a number from 0 to 1, not "2"/],
    [{ energy: "high" }, /must be a number/],
    [{ refit: 1 }, /true or false/],
    [{ by: "l3" }, /one of l1/],
  ] as const) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      assert.throws(() => completeOptions(SPECS, given), message);
    });
  }
});
