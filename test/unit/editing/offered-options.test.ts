import assert from "node:assert/strict";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { optionsFor } from "../../../profiler/editing/offered-options.ts";
import type { Model } from "../../../profiler/model/model.ts";
import type { OptionSpec, OptionValue } from "../../../profiler/restructure/options.ts";
import { RESTRUCTURINGS, restructuringOf } from "../../../profiler/restructure/registry.ts";
import { isNotApplicable } from "../../../profiler/restructure/restructuring.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { NetworkBuilder } from "../../zoo/network-builder.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toOnnx } from "../../zoo/to-onnx.ts";
import { toTflite } from "../../zoo/to-tflite.ts";

/** Wide enough that weights in few bits take less, whatever decodes them. */
function network() {
  const net = new NetworkBuilder();
  const features = net.relu(net.conv(net.image(4, 4), "first", { out: 64, kernel: 3, pad: 1 }));
  return net.finish(
    "net",
    net.dense(net.flatten(net.relu(net.conv(features, "second", { out: 64, kernel: 3 }))), "y", 8),
  );
}

const MODELS: Readonly<Record<"onnx" | "tflite", () => Promise<Model>>> = {
  onnx: () => modelOfBytes("net.onnx", toBytes(toOnnx(network()).model)),
  tflite: () => modelOfBytes("net.tflite", toBytes(toTflite(network()))),
};

/** Values that are offered for some formats alone: of a number, one that is not its default. */
const RESTRICTED = RESTRUCTURINGS.flatMap(({ id, options }) =>
  options.flatMap((spec) => restrictedValues(spec).map((value) => ({ id, option: spec.id, value }))),
);

function restrictedValues(spec: OptionSpec): readonly OptionValue[] {
  if (spec.type !== "choice") return spec.needs === undefined ? [] : [2];
  return spec.choices.flatMap(({ value, needs }) =>
    value !== spec.default && (needs ?? spec.needs) !== undefined ? [value] : [],
  );
}

describe("Options that are offered", () => {
  for (const format of ["onnx", "tflite"] as const)
    it(`are those that an edit of ${format} files takes, and no others`, async () => {
      const model = await MODELS[format]();
      assert.ok(RESTRICTED.length >= 4, "bits of blocks, two types of inputs and outputs, one scale");
      for (const { id, option, value } of RESTRICTED) {
        const spec = optionsFor(id, format).find((each) => each.id === option);
        const isOffered =
          spec?.type === "choice" ? spec.choices.some((each) => each.value === value) : spec !== undefined;
        const edit = { restructuring: id, target: "", options: { [option]: value } };
        const made = await applyEdit(model, edit).then(
          () => true,
          (error: unknown) => {
            if (!isNotApplicable(error)) throw error;
            return false;
          },
        );
        assert.equal(isOffered, made, `${id} ${option}=${value}`);
      }
    });

  it("are all there where the format is not known", () => {
    assert.deepEqual(optionsFor("quantize-weights", undefined), restructuringOf("quantize-weights").options);
    const [bits, ...others] = optionsFor("quantize-weights", "tflite").map(({ id }) => id);
    assert.deepEqual([bits, ...others], ["bits", "products"]);
  });
});
