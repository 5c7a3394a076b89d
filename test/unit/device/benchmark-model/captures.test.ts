import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeUse, delegateUseOf, hasRun } from "../../../../profiler/device/benchmark-model/delegate-use.ts";
import { mapOperators } from "../../../../profiler/device/benchmark-model/map-operators.ts";
import { parseBenchmarkLog } from "../../../../profiler/device/benchmark-model/parse-log.ts";
import { parseBenchmarkProfile } from "../../../../profiler/device/benchmark-model/parse-profile.ts";
import { delegateFlags, toolKindOf } from "../../../../profiler/device/benchmark-model/tool-kind.ts";
import { skip } from "../../../skip.ts";
import { chain } from "./chain.ts";

const CASES = join(import.meta.dirname, "../../../../../shared/cases/phone");
const MEBIBYTE = 2 ** 20;
const us = (seconds: number): number => Math.round(seconds * 1e9) / 1e3;

describe("what benchmark_model says of delegates, in every wording", () => {
  const WORDINGS = [
    [
      "INFO: Replacing 31 out of 31 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 1 partitions.",
      "TfLiteXNNPackDelegate ran 31 of 31 operators in 1 part.",
    ],
    [
      "INFO: Replacing 1 node(s) with delegate (TfLiteGpuDelegateV2) node, yielding 1 partitions.",
      "TfLiteGpuDelegateV2 ran 1 operator in 1 part; how many there are is not told.",
    ],
    [
      "INFO: TfLiteQnnDelegate delegate: 0 nodes delegated out of 31 nodes with 0 partitions.",
      "TfLiteQnnDelegate ran 0 of 31 operators.",
    ],
    [
      "INFO: Vendor_NPU delegate: 12 nodes delegated out of 31 nodes with 3 partitions.",
      "Vendor_NPU ran 12 of 31 operators in 3 parts.",
    ],
    [
      "INFO: Though EXTERNAL delegate is explicitly applied, the model graph will not be executed by the delegate.",
      "EXTERNAL ran nothing of the model.",
    ],
    [
      "INFO: Though GPU delegate is explicitly applied, the model graph will not be executed by the delegate.",
      "GPU ran nothing of the model.",
    ],
    [
      "INFO: Explicitly applied GPU delegate, and the model graph will be completely executed by the delegate.",
      "GPU ran the whole model.",
    ],
    [
      "INFO: Explicitly applied NNAPI delegate, and the model graph will be partially executed by the delegate w/ 2 delegate kernels.",
      "NNAPI ran some of the operators in 2 parts.",
    ],
    ["INFO: Created 1 GPU delegate kernels.", "GPU ran operators, how many is not told, in 1 part."],
    ["ERROR: Failed to apply GPU delegate.", "GPU ran nothing of the model."],
    ["GPU acceleration is unsupported on this platform.", "GPU ran nothing of the model."],
    [
      "VERBOSE: Replacing 518 out of 518 node(s) with delegate (TfLiteQnnDelegate) node",
      "TfLiteQnnDelegate ran 518 of 518 operators.",
    ],
    [
      "tflite    : Replacing 2068 out of 2068 node(s) with delegate (LITERT_CL) node, yielding 1 partitions for subgraph 0 (decode).",
      "LITERT_CL ran 2068 of 2068 operators in 1 part.",
    ],
    [
      "31 operations will run on the GPU, and the remaining 16 operations will run on the CPU.",
      "GPU ran 31 of 47 operators.",
    ],
    ["First 0 operations will run on the GPU, and the remaining 81 on the CPU.", "GPU ran 0 of 81 operators."],
  ] as const;
  for (const [line, said] of WORDINGS)
    it(said, () => {
      const use = delegateUseOf(line);
      assert.ok(use);
      assert.equal(describeUse(use), said);
    });

  it("tells whether the one that was asked for ran anything", () => {
    const uses = (...lines: readonly string[]) => lines.flatMap((line) => delegateUseOf(line) ?? []);
    const [xnnpack, gpu, qnn, , external, , , nnapi, kernels] = WORDINGS.map(([line]) => line);
    assert.equal(hasRun("gpu", uses(gpu ?? ""), []), true);
    assert.equal(hasRun("gpu", uses(kernels ?? ""), []), true);
    assert.equal(hasRun("gpu", uses(xnnpack ?? ""), []), false, "another one took all of it");
    assert.equal(hasRun("gpu", [], ["CONV_2D", "SOFTMAX"]), false, "the profile has operators of the CPU alone");
    assert.equal(hasRun("gpu", [], ["TfLiteGpuDelegateV2"]), true);
    assert.equal(hasRun("gpu", [], []), null);
    const litert = "Replacing 31 out of 31 node(s) with delegate (LITERT_CL) node, yielding 1 partitions";
    assert.equal(hasRun("gpu", uses(litert), []), true, "LiteRT 2's GPU is called by what it runs on");
    assert.equal(hasRun("npu", uses(litert), []), false);
    const dispatch = "Replacing 1 out of 1 node(s) with delegate (DispatchDelegate) node, yielding 1 partitions";
    assert.equal(hasRun("npu", uses(dispatch), []), true);
    const none = "First 0 operations will run on the GPU, and the remaining 81 on the CPU.";
    assert.equal(hasRun("gpu", uses(none), ["CONV_2D"]), false);
    const planned = "31 operations will run on the GPU, and the remaining 16 operations will run on the CPU.";
    assert.equal(hasRun("gpu", uses(planned), []), true);
    assert.equal(hasRun("gpu", uses(planned, "INFO: Created 0 GPU delegate kernels."), []), false, "it was not to be");
    assert.equal(hasRun("gpu", uses(gpu ?? "", "ERROR: Failed to apply GPU delegate."), []), false);
    assert.equal(hasRun("qnn", uses(qnn ?? "", external ?? ""), []), false);
    assert.equal(hasRun("nnapi", uses(nnapi ?? ""), []), true);
  });
});

describe("the two programs called benchmark_model", () => {
  it("are told apart by what they print", () => {
    assert.equal(toolKindOf("INFO: [benchmark_litert_model.h:94] Model initialization: 12 ms"), "compiled-model");
    assert.equal(toolKindOf("usage: ./benchmark_model\nFlags:\n\t--use_npu=false\tbool\toptional\n"), "compiled-model");
    assert.equal(
      toolKindOf("usage:\n\t--input_layer=\tstring\toptional\n\t--use_gpu=false\tbool\toptional"),
      "interpreter",
    );
    assert.equal(toolKindOf("STARTING!\nDuplicate flags: num_threads\n"), "interpreter");
    assert.equal(
      toolKindOf("WARNING: Unconsumed cmdline flags: --input_layer=input0 --input_layer_shape=1,2"),
      "compiled-model",
    );
    assert.equal(toolKindOf("WARNING: Unconsumed cmdline flags: --use_npu=true\nINFO: STARTING!"), "interpreter");
    assert.equal(toolKindOf("hello"), undefined);
  });

  it("take each their own flags", () => {
    const none = { path: undefined, options: undefined };
    assert.deepEqual(delegateFlags("interpreter", "gpu", none), ["--use_gpu=true"]);
    assert.deepEqual(delegateFlags("compiled-model", "gpu", none), [
      "--use_gpu=true",
      "--use_cpu=false",
      "--require_full_delegation=true",
    ]);
    assert.ok(delegateFlags("compiled-model", "npu", { ...none, path: "/x" }).includes("--dispatch_library_path=/x"));
    assert.deepEqual(delegateFlags("interpreter", "qnn", { ...none, path: "/q.so" }), [
      "--external_delegate_path=/q.so",
      "--external_delegate_options=backend_type:htp",
    ]);
    assert.throws(() => delegateFlags("interpreter", "qnn", none), /must be on the phone/);
    assert.throws(() => delegateFlags("interpreter", "npu", none), /has no npu: it takes xnnpack, gpu, nnapi, qnn/);
    assert.throws(() => delegateFlags("compiled-model", "nnapi", none), /has no nnapi: it takes xnnpack, gpu, npu/);
  });

  it("tell their memory in wordings of their own", () => {
    const memory = (text: string) => parseBenchmarkLog(text).memory;
    assert.deepEqual(memory("Peak memory footprint (MB): init=0 overall=12.8672"), {
      peakBytes: null,
      initBytes: null,
      overallBytes: 12.8672 * MEBIBYTE,
    });
    assert.deepEqual(
      memory(
        "INFO: Memory footprint delta from the start of the tool (MB): init=22.0273 overall=34.8281\nINFO: Overall peak memory footprint (MB) via periodic monitoring: 40.5",
      ),
      { peakBytes: 40.5 * MEBIBYTE, initBytes: 22.0273 * MEBIBYTE, overallBytes: 34.8281 * MEBIBYTE },
    );
    assert.deepEqual(
      memory(
        "INFO: [b.h:124] \nMemory Usage:\nINFO: [b.h:126] Init footprint:       1.5 MB\nINFO: Overall footprint:    2.5 MB\nINFO: Peak memory usage: 3 MB",
      ),
      { peakBytes: 3 * MEBIBYTE, initBytes: 1.5 * MEBIBYTE, overallBytes: 2.5 * MEBIBYTE },
    );
  });
});

describe("XNNPACK's operators without a row of the delegate", () => {
  const table = (...rows: readonly (readonly [type: string, name: string, calls?: number])[]): string =>
    [
      "============================== Run Order ==============================",
      "\t[node type]\t[first]\t[avg ms]\t[%]\t[cdf%]\t[mem KB]\t[times called]\t[Name]",
      ...rows.map(([type, name, calls = 1]) => `\t${type}\t1\t1\t1%\t1%\t0\t${calls}\t${name}`),
      "",
    ].join("\n");

  it("stand in the graph's order, paddings with the convolution behind them", () => {
    const layers = chain(
      ["QUANTIZE", "q", 0],
      ["PAD", "padded", 0],
      ["CONV_2D", "first", 10],
      ["DEPTHWISE_CONV_2D", "depthwise", 10],
      ["CONV_2D", "second", 10],
      ["RESIZE_NEAREST_NEIGHBOR", "resized", 0],
      ["CONV_2D", "third", 10],
      ["LOGISTIC", "out", 0],
    );
    const profile = parseBenchmarkProfile(
      table(
        ["QUANTIZE", "[q]:0"],
        ["Convolution (NHWC, QC8) IGEMM", "Delegate/Convolution (NHWC, QC8) IGEMM:0"],
        ["Convolution (NHWC, QC8) DWConv", "Delegate/Convolution (NHWC, QC8) DWConv:1"],
        ["Convolution (NHWC, QC8) GEMM", "Delegate/Convolution (NHWC, QC8) GEMM:2"],
        ["RESIZE_NEAREST_NEIGHBOR", "[resized]:5"],
        ["Convolution (NHWC, QC8) GEMM", "Delegate/Convolution (NHWC, QC8) GEMM:0"],
        ["Sigmoid (NC, QS8)", "Delegate/Sigmoid (NC, QS8):1"],
        ["Something New", "Delegate/Something New:2"],
      ),
    );
    const { rows, unmapped } = mapOperators(profile, layers, "xnnpack");
    assert.deepEqual(
      rows.map(({ layer, fused }) => [layer, ...fused]),
      [[0], [2, 1], [3], [4], [5], [6], [7]],
    );
    assert.deepEqual(
      unmapped.map(({ op }) => op),
      ["Something New"],
    );
  });

  it("are in no row where one line stands for several", () => {
    const layers = chain(["CONV_2D", "a", 1], ["DEPTHWISE_CONV_2D", "b", 1], ["CONV_2D", "c", 1]);
    const { rows, unmapped } = mapOperators(
      parseBenchmarkProfile(
        table(
          ["Convolution (NHWC, F32) IGEMM", "Delegate/Convolution (NHWC, F32) IGEMM:0"],
          ["Convolution (NHWC, F32) DWConv", "Delegate/Convolution (NHWC, F32) DWConv:1", 13],
          ["Convolution (NHWC, F32) GEMM", "Delegate/Convolution (NHWC, F32) GEMM:2"],
        ),
      ),
      layers,
      "xnnpack",
    );
    assert.deepEqual(
      rows.map(({ layer }) => layer),
      [0, 2],
    );
    assert.match(unmapped[0]?.reason ?? "", /13 operators/);
  });

  it("whose tensors have no names are the rows between those that others ran", () => {
    const layers = chain(["CONV_2D", "", 1], ["RELU", "", 0], ["RESIZE_NEAREST_NEIGHBOR", "", 0], ["CONV_2D", "", 1]);
    const { rows } = mapOperators(
      parseBenchmarkProfile(
        table(["TfLiteNnapiDelegate", "[]:64"], ["RESIZE_NEAREST_NEIGHBOR", "[]:2"], ["TfLiteNnapiDelegate", "[]:65"]),
      ),
      layers,
      "nnapi",
    );
    assert.deepEqual(
      rows.map(({ layer, fused }) => [layer, ...fused]),
      [[0, 1], [2], [3]],
    );
  });
});

describe("real captures of benchmark_model", () => {
  const capture = (file: string): string => readFileSync(join(CASES, file), "utf8");
  before(function () {
    if (!existsSync(CASES)) skip(this, "../shared/cases is not there");
  });

  it("of LiteRT 2 are read: its results, memory, and that it took none of the inputs", () => {
    const text = capture("benchmark-litert-2.1.5-compiledmodel-mlcommons-1134.txt");
    const { statistics, memory, loadSeconds, unknownFlags } = parseBenchmarkLog(text);
    assert.equal(toolKindOf(text), "compiled-model");
    assert.deepEqual([statistics?.runs, us(statistics?.median ?? 0), us(loadSeconds ?? 0)], [10, 7430000, 23744730]);
    assert.equal(memory.overallBytes, 6391.74 * MEBIBYTE);
    assert.equal(memory.peakBytes, null);
    assert.ok(unknownFlags.includes("input_layer_value_files"));
    const results = text.slice(text.indexOf("========== BENCHMARK RESULTS"));
    const alone = parseBenchmarkLog(results);
    assert.deepEqual(
      [
        alone.statistics?.runs,
        us(alone.statistics?.mean ?? 0),
        us(alone.statistics?.maximum ?? 0),
        us(alone.firstRunSeconds ?? 0),
      ],
      [10, 7430200, 7448860, 7441040],
    );
  });

  it("of XNNPACK without a delegate's row have every operator, those inside counted once", () => {
    const { operators, delegated, runs } = parseBenchmarkProfile(
      capture("benchmark-litert-xnnpack-no-delegate-row.txt"),
    );
    assert.deepEqual([operators.length, delegated.length, runs], [11, 0, 64]);
    assert.equal(us(operators.find(({ name }) => name.endsWith("DWConv:1"))?.seconds ?? 0), 663);
  });

  it("of NNAPI, QNN, TensorFlow 2.3 and 2.9 say which delegate ran what", () => {
    const verdict = (file: string, delegate: string): boolean | null => {
      const text = capture(file);
      return hasRun(
        delegate,
        parseBenchmarkLog(text).delegates,
        parseBenchmarkProfile(text).operators.map(({ type }) => type),
      );
    };
    assert.equal(verdict("benchmark-nnapi-empty-names-synap.txt", "nnapi"), true);
    assert.equal(verdict("benchmark-qnn-0-nodes-tensorflow-83344.txt", "qnn"), false);
    assert.equal(verdict("benchmark-tf2.9-replacing-without-out-of.txt", "gpu"), true);
    assert.equal(verdict("benchmark-litert-xnnpack-no-delegate-row.txt", "gpu"), false);
    const old = parseBenchmarkLog(capture("benchmark-tf2.3-tensorflow-42507.txt"));
    assert.deepEqual([old.memory.overallBytes, old.statistics?.runs], [12.8672 * MEBIBYTE, 50]);
    assert.equal(toolKindOf(capture("benchmark-tf2.3-tensorflow-42507.txt")), "interpreter");
  });
});
