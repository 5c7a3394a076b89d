import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { mapOperators } from "../../../../profiler/device/benchmark-model/map-operators.ts";
import { parseBenchmarkLog } from "../../../../profiler/device/benchmark-model/parse-log.ts";
import { parseBenchmarkProfile } from "../../../../profiler/device/benchmark-model/parse-profile.ts";
import { chain } from "./chain.ts";

/** In the formats of TensorFlow's `stats_calculator.cc` and `profile_summary_formatter.cc`, of which versions differ. */
const output = (file: string): string => readFileSync(join(import.meta.dirname, "outputs", file), "utf8");

const ms = (seconds: number): number => Math.round(seconds * 1e9) / 1e6;

describe("profiles of benchmark_model", () => {
  it("are read as old versions write CSV: with a start, with commas in names, delegates' rows among the others", () => {
    const { operators, delegated, totalSeconds, runs } = parseBenchmarkProfile(output("old-with-start.csv"));
    assert.deepEqual(
      operators.map(({ type, name, node, seconds }) => [type, name, node, ms(seconds)]),
      [
        ["CONV_2D", "conv, with a comma", null, 1.5],
        ["TfLiteXNNPackDelegate", "pool, dense", null, 1],
        ["SOFTMAX", "softmax", null, 0.5],
      ],
    );
    assert.deepEqual(
      delegated.map(({ name, seconds }) => [name, ms(seconds)]),
      [
        ["Delegate/Max Pooling (NHWC, F32):0", 0.7],
        ["Delegate/Fully Connected (NC, F32) GEMM:1", 0.3],
      ],
    );
    assert.deepEqual([runs, ms(totalSeconds ?? 0)], [10, 3]);
  });

  it("are read as new versions write CSV: without a start, with sections of subgraphs and delegates", () => {
    const { operators, delegated, totalSeconds, runs } = parseBenchmarkProfile(output("new.csv"));
    assert.deepEqual(
      operators.map(({ type, node, seconds }) => [type, node, ms(seconds)]),
      [
        ["CONV_2D", 0, 1.5],
        ["TfLiteXNNPackDelegate", 4, 1],
        ["SOFTMAX", 3, 0.5],
      ],
      "a time is that of one call: two calls take twice as long",
    );
    assert.equal(delegated.length, 2);
    assert.deepEqual([runs, ms(totalSeconds ?? 0)], [10, 3]);
  });

  it("are read as they are printed for people, behind a log", () => {
    const { operators, runs } = parseBenchmarkProfile(output("old-table.txt"));
    assert.deepEqual(
      operators.map(({ type, name, seconds }) => [type, name, ms(seconds)]),
      [
        ["CONV_2D", "conv, with a comma", 1.5],
        ["MAX_POOL_2D", "pool", 0.7],
        ["FULLY_CONNECTED", "dense", 0.3],
        ["SOFTMAX", "softmax", 0.5],
      ],
    );
    assert.equal(runs, 50);
  });

  it("of anything else are empty", () => {
    const noise = [
      "",
      "node type",
      "node type, name\nCONV_2D, x",
      output("new-log.txt"),
      "\t[node type]\n\t\u0000\t1\t2",
    ];
    for (const text of noise) assert.deepEqual(parseBenchmarkProfile(text).operators, [], text.slice(0, 40));
  });
});

describe("what benchmark_model says of its runs", () => {
  it("is read as new versions say it", () => {
    const { statistics, tellsMedian, ...rest } = parseBenchmarkLog(output("new-log.txt"));
    assert.ok(tellsMedian && statistics);
    assert.equal(statistics.runs, 50);
    assert.deepEqual(
      [statistics.median, statistics.mean, statistics.minimum, statistics.maximum, statistics.standardDeviation].map(
        ms,
      ),
      [105.718, 105.784, 105.416, 106.528, 0.26],
    );
    assert.deepEqual([ms(rest.loadSeconds ?? 0), ms(rest.firstRunSeconds ?? 0)], [87.639, 106.436]);
    assert.equal(rest.memory.peakBytes, 13.1797 * 2 ** 20);
    assert.deepEqual(rest.delegates, [
      { name: "TfLiteXNNPackDelegate", nodes: 2, ofNodes: 4, partitions: 1, extent: "part" },
    ]);
    assert.deepEqual(rest.errors, []);
  });

  it("is read as old versions say it, without a median and with large numbers", () => {
    const { statistics, tellsMedian, firstRunSeconds, memory } = parseBenchmarkLog(output("old-table.txt"));
    assert.deepEqual([tellsMedian, memory.peakBytes], [false, null]);
    assert.deepEqual([statistics?.runs, ms(statistics?.median ?? 0), ms(firstRunSeconds ?? 0)], [50, 115.062, 91.81]);
  });

  it("has no statistics when only the warm-up came, whatever a profile says", () => {
    const [warmUp = ""] = output("old-table.txt").split("Running benchmark for at least 50");
    assert.equal(parseBenchmarkLog(warmUp).statistics, undefined);
    assert.equal(parseBenchmarkLog("").statistics, undefined);
    assert.deepEqual(parseBenchmarkLog("ERROR: Failed to load model\nE tflite: no").errors, [
      "Failed to load model",
      "no",
    ]);
  });
});

describe("rows of a benchmark_model profile", () => {
  const rows = chain(
    ["CONV_2D", "conv, with a comma", 100],
    ["MAX_POOL_2D", "pool", 0],
    ["FULLY_CONNECTED", "dense", 10],
    ["SOFTMAX", "softmax", 0],
  );

  for (const file of ["old-with-start.csv", "new.csv"]) {
    it(`are found by the tensors they give, a delegate's all together: ${file}`, () => {
      const times = mapOperators(parseBenchmarkProfile(output(file)), rows, "xnnpack");
      assert.deepEqual(
        times.rows.map(({ layer, fused, seconds }) => [layer, fused, ms(seconds)]),
        [
          [0, [], 1.5],
          [2, [1], 1],
          [3, [], 0.5],
        ],
      );
      const [, delegate] = times.rows;
      assert.deepEqual([delegate?.operators[0], delegate?.operators.length], ["TfLiteXNNPackDelegate", 3]);
      assert.deepEqual([times.unmapped, ms(times.totalSeconds), times.optimization], [[], 3, "xnnpack"]);
    });
  }

  it("that nothing is known of are listed, and all adds up", () => {
    const profile = parseBenchmarkProfile(output("new.csv"));
    const {
      rows: found,
      unmapped,
      totalSeconds,
    } = mapOperators({ ...profile, totalSeconds: 4e-3 }, rows.slice(0, 1), "default");
    assert.deepEqual(
      found.map(({ layer }) => layer),
      [0],
    );
    assert.deepEqual(
      unmapped.map(({ op }) => op),
      ["TfLiteXNNPackDelegate", "SOFTMAX", null],
    );
    const sum = [...found, ...unmapped].reduce((total, { seconds }) => total + seconds, 0);
    assert.ok(Math.abs(sum - totalSeconds) < 1e-12 && ms(totalSeconds) === 4);
  });

  it("are found by their place where a name says nothing", () => {
    const operators = [{ type: "SOFTMAX", name: "", node: 3, seconds: 1, calls: 1 }];
    const profile = { operators, delegated: [], totalSeconds: null, runs: null };
    assert.deepEqual(
      mapOperators(profile, rows, "default").rows.map(({ layer }) => layer),
      [3],
    );
    const wrong = { ...profile, operators: [{ type: "ADD", name: "", node: 3, seconds: 1, calls: 1 }] };
    assert.equal(mapOperators(wrong, rows, "default").unmapped.length, 1);
  });
});
