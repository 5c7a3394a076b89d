import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { countsSince, countsSoFar, type Counts } from "../../../profiler/counters.ts";
import { EditSession } from "../../../profiler/editing/edit-session.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { runCli } from "../cli/run-cli.ts";
import { readBytes } from "../restructure/edited-model.ts";

const LENET = "media/samples/digits_lenet.onnx";
const RESNET = "media/samples/digits_resnet.onnx";

/** What a command of this process counted. */
async function counted(...words: readonly string[]): Promise<Counts> {
  const before = countsSoFar();
  const { code, stderr } = await runCli(...words);
  assert.equal(code, 0, stderr);
  return countsSince(before);
}

describe("what commands do once", () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-counts-"));
  const out = join(folder, "out.onnx");
  after(() => rmSync(folder, { recursive: true }));

  it("one parse of each input file, whatever is done with it", async () => {
    assert.equal((await counted("profile", LENET)).parses, 1);
    assert.equal((await counted("suggest", LENET)).parses, 1);
    assert.equal((await counted("apply", LENET, "--edit", "reduce-channels::ratio=0.75", "--out", out)).parses, 1);
    const { parses, inferences } = await counted("fit", LENET, "--max-macs", "10M", "--out", out);
    assert.equal(parses, 1);
    // 148; twice as many with the edits that store weights otherwise, which no budget of MACs has a use for.
    assert.ok(inferences < 200, `${inferences} graphs`);
    assert.equal((await counted("compare", LENET, LENET, "--samples", "2")).parses, 2);
  }).timeout(120_000);

  it("no session where nothing runs, and one for each graph that does", async () => {
    assert.equal((await counted("suggest", LENET)).sessions, 0);
    const { sessions } = await counted("apply", LENET, "--edit", "reduce-channels::ratio=0.75", "--out", out);
    // The model and what the edit made of it.
    assert.equal(sessions, 2);
  }).timeout(120_000);

  it("suggestions look at the graph once, and at what each edit changes", async () => {
    const model = await readBytes(new Uint8Array(readFileSync(RESNET)));
    const { nodes } = model.entries[0].graph;
    const session = new EditSession(model, { hardware: DEFAULT_HARDWARE });
    const before = countsSoFar();
    const suggestions = await session.suggest();
    const { inferredNodes, sessions, loweredLayers, describedRows, costedRows, memoryPlans } = countsSince(before);
    const touched = suggestions.reduce((sum, { layers }) => sum + layers.length, 0);
    assert.equal(sessions, 0);
    // The graph as it is with open sizes and with bound ones; an edit makes two or three layers of one, and each is looked at for both.
    // Some are thought through and then not suggested, as they are not worth it.
    const most = 2 * nodes.length + 8 * touched;
    assert.ok(inferredNodes <= most, `${inferredNodes} nodes for ${suggestions.length} edits of ${touched} layers`);
    assert.ok(loweredLayers <= 2 * touched, `${loweredLayers} layers written for edits of ${touched}`);
    for (const rows of [describedRows, costedRows]) assert.ok(rows <= nodes.length + 4 * touched, `${rows} rows`);
    // Many edits leave the lifetimes of all tensors as they are.
    assert.ok(memoryPlans < suggestions.length, `${memoryPlans} plans of memory`);
    assert.ok(most < suggestions.length * nodes.length, "a bound that edits times the model would break");
    await session.close();
  });
});
