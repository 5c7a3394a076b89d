import assert from "node:assert/strict";
import { RunError } from "../../../profiler/errors.ts";
import { isMeasured } from "../../../profiler/device/run-result.ts";
import type { RunnerLayer, RunnerResult } from "../../../profiler/device/runner/runner-answer.ts";
import { mapNativeLayers } from "../../../profiler/device/tflite/map-layers.ts";
import { refusalOf } from "../../../profiler/device/tflite/newer-operators.ts";
import type { LayerProfile } from "../../../profiler/profile.ts";
import { layerProfile } from "../../builders/profile-builder.ts";

const row = (index: number, output: string): LayerProfile =>
  layerProfile(`row ${index}`, {
    index,
    op: "CONV_2D",
    outputs: [{ name: output, dtype: "float32", shape: [1], isConstant: false }],
  });

const clocked = (node: number, output: string, runSeconds: readonly number[]): RunnerLayer => ({
  node,
  code: 3,
  isXnnpack: node !== 1,
  custom: "",
  outputs: [output],
  runSeconds,
});

const answer = (layers: readonly RunnerLayer[], runSeconds: readonly number[]): RunnerResult => ({
  version: "2.9.0",
  loadSeconds: 1,
  firstSeconds: 1,
  loopSeconds: 1,
  runs: runSeconds.length,
  runSeconds,
  baselineBytes: null,
  peakBytes: null,
  outputs: [],
  usesXnnpack: true,
  layers,
});

describe("times of TFLite's operators on the rows of the table", () => {
  it("finds rows by what they give, of several by their place, and counts the quicker half of the runs", () => {
    const layers = [
      clocked(2, "same", [1, 9]),
      clocked(0, "same", [2, 9]),
      clocked(1, "b", [3, 9]),
      clocked(9, "?", [1, 9]),
    ];
    const times = mapNativeLayers(answer(layers, [8, 40]), [row(0, "same"), row(1, "b"), row(2, "same")]);
    assert.ok(isMeasured(times));
    assert.deepEqual(
      times.rows.map(({ layer, seconds, operators }) => [layer, seconds, operators]),
      [
        [0, 2, ["XNNPACK: same"]],
        [1, 3, ["TFLite: b"]],
        [2, 1, ["XNNPACK: same"]],
      ],
    );
    assert.deepEqual(
      times.unmapped.map(({ name, seconds }) => [name, seconds]),
      [
        ["?", 1],
        ["TFLite between operators", 1],
      ],
    );
    assert.deepEqual([times.totalSeconds, times.runs], [8, 1]);
  });

  it("finds rows of tensors without names by their place, and says when nothing was clocked", () => {
    const times = mapNativeLayers(answer([clocked(1, "", [1])], [1]), [row(0, "#3"), row(1, "#4")]);
    assert.ok(isMeasured(times));
    assert.deepEqual(
      times.rows.map(({ layer }) => layer),
      [1],
    );
    assert.deepEqual(mapNativeLayers(answer([], [1]), []), { reason: "TFLite clocked no operator." });
  });

  it("names operators that are newer than TFLite, by name where it tells a number alone", () => {
    const said = [
      "this machine: TFLite cannot load the model: Op builtin_code out of range: 206. Are you using old TFLite binary with newer model?",
      "Op builtin_code out of range: 206. Are you using old TFLite binary with newer model?; Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'. An older version of this builtin might be supported.",
    ];
    const [one, several] = said.map((text) => refusalOf(new RunError(text), "2.9.0", "Try another"));
    assert.equal(one?.message, "TFLite 2.9.0 of 2022 does not know an operator of the model: STABLEHLO_COMPOSITE");
    assert.equal(
      several?.message,
      "TFLite 2.9.0 of 2022 does not know operators of the model: STABLEHLO_COMPOSITE, FULLY_CONNECTED (version 12)",
    );
    assert.equal(several.hint, "Try another");
    assert.equal(refusalOf(new RunError("it failed"), "2.9.0", "").message, "it failed");
  });

  it("names custom operators, which another TFLite does not know either", () => {
    const said =
      "a phone: TFLite cannot load the model: Encountered unresolved custom op: ethos-u. See instructions: https://www.tensorflow.org/lite/guide/ops_custom; Node number 0 (ethos-u) failed to prepare.";
    const { message, hint } = refusalOf(new RunError(said), "2.9.0", "LiteRT.js may run it");
    assert.equal(message, "TFLite 2.9.0 has no ethos-u, which the model has as a custom operator");
    assert.match(String(hint), /^A benchmark_model that was built with that operator/);
  });
});
