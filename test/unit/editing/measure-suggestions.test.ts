import assert from "node:assert/strict";
import { EditSession } from "../../../profiler/editing/edit-session.ts";
import { measureSuggestions, type Measuring } from "../../../profiler/editing/measure-suggestions.ts";
import { explainScore, scoreOf, type Suggestion } from "../../../profiler/editing/suggestion.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { NetworkBuilder } from "../../zoo/network-builder.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toOnnx } from "../../zoo/to-onnx.ts";
import { decibels } from "../../../profiler/numeric/decibels.ts";

/** Two convolutions and a dense layer: a dozen edits, a second of processor time. */
function network(): Uint8Array {
  const net = new NetworkBuilder();
  const x = net.relu(net.conv(net.image(3, 12), "one", { out: 24, kernel: 3 }));
  const y = net.relu(net.conv(x, "two", { out: 32, kernel: 3 }));
  return toBytes(toOnnx(net.finish("measured", net.dense(net.flatten(net.globalPool(y)), "classes", 10))).model);
}

describe("Suggestions ranked by measured error", () => {
  let session: EditSession;
  let list: readonly Suggestion[];
  let told: Measuring | undefined;
  before(async () => {
    session = new EditSession(await modelOfBytes("measured", network()), { hardware: DEFAULT_HARDWARE });
    list = await session.suggest({ onMeasured: (measuring) => (told = measuring) });
  });
  after(() => session.close());

  it("have the error of the edit itself, made and run", async () => {
    const one = list.find(({ edit, measured }) => measured !== null && edit.restructuring === "quantize-weights");
    assert.ok(one?.measured);
    const { after } = await session.apply(one.edit, session.base, { calibration: null });
    const { outputs } = await session.compare(session.base, after, { calibration: { count: 16 } });
    const snr = outputs[0]?.difference?.snr ?? NaN;
    assert.ok(Math.abs(decibels(one.measured.error) - snr) < 0.01, `${one.measured.error}, ${snr} dB`);
    assert.match(explainScore(one), /of which \d+\.\d % counts: its answers are off by .* measured/);
  });

  it("stand by what is left of the answers, exact ones first", () => {
    const approximate = list.filter(({ guarantee }) => guarantee !== "exact");
    assert.ok(approximate.some(({ measured }) => measured !== null));
    for (const one of approximate) assert.equal(one.score, scoreOf(one));
    const scores = approximate.map(({ score }) => score);
    assert.deepEqual(
      scores,
      scores.toSorted((a, b) => b - a),
    );
    assert.ok(list.slice(0, list.length - approximate.length).every(({ guarantee }) => guarantee === "exact"));
    // Where everything is wrong, nothing that is saved counts.
    const [first] = approximate;
    assert.ok(first?.measured);
    assert.equal(scoreOf({ ...first, measured: { ...first.measured, error: 2 } }), 0);
  });

  it("say how many were measured, and on what", () => {
    assert.ok(told);
    const { measured, of, samples } = told;
    assert.equal(measured, list.filter((one) => one.measured !== null).length);
    assert.ok(measured >= 4 && measured <= 32 && of >= measured, `${measured} of ${of}`);
    assert.ok(samples.isRandom && samples.fitted === 0 && samples.measured === 16);
  });

  it("are few of a model whose size is unknown", async () => {
    const asked = { calibration: {}, hardware: DEFAULT_HARDWARE };
    const { measured, of } = await measureSuggestions(session.base, list, null, asked);
    assert.ok(measured > 0 && measured <= 4 && of > 4, `${measured} of ${of}`);
  });

  it("say of what they save what is unknown, which is no part of nothing", () => {
    const [first] = list;
    assert.ok(first);
    const explained = explainScore({ ...first, saves: { ...first.saves, latencySeconds: null } });
    assert.match(explained, /an unknown part of the latency/);
  });
});
