import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";
import { onnx } from "../../../profiler/formats/onnx/schema/onnx.ts";
import { profileModel } from "../../../profiler/profile-model.ts";
import type { Profile, TensorProfile } from "../../../profiler/profile.ts";
import { skip } from "../../skip.ts";

/** What a real run of a model showed; see the README beside the recordings. */
interface Recording {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly macs: number;
  readonly rows: readonly {
    readonly name: string;
    readonly op: string;
    readonly macs: number;
    readonly outputs: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: string }[];
  }[];
}

const SHARED = join(import.meta.dirname, "../../../../shared");
const RECORDINGS = join(SHARED, "oracle");

describe("profiles against recorded runs", function () {
  if (!existsSync(RECORDINGS)) {
    it("needs the recordings of real runs, which are not part of this repository", function () {
      skip(this, "needs the models and recordings that stand beside the repository, not in it");
    });
    return;
  }

  for (const file of readdirSync(RECORDINGS).sort()) {
    const recording = JSON.parse(readFileSync(join(RECORDINGS, file), "utf8")) as Recording;
    const path = join(SHARED, "models/onnx", `${basename(file, ".json")}.onnx`);

    it(`${basename(path)}: every shape, type and MAC count`, async () => {
      const source = await FileSource.open(path);
      const profile = await profileModel(source, new ExternalDataFolder(path), {
        bindings: await bindingsFor(path, recording),
      });
      await source.close();
      compare(profile, recording);
    });

    it(`${basename(path)}: the same with every stored shape stripped`, async () => {
      const model = onnx.ModelProto.decode(readFileSync(path));
      assert.ok(model.graph);
      model.graph.valueInfo = [];
      for (const output of model.graph.output ?? []) if (output.type?.tensorType) delete output.type.tensorType.shape;
      keepToEnd(model.graph);
      const source = new MemorySource(path, onnx.ModelProto.encode(model).finish());
      const profile = await profileModel(source, new ExternalDataFolder(path), {
        bindings: await bindingsFor(path, recording),
      });
      compare(profile, recording);
    });
  }
});

/** The recorded sizes of the dimensions that the model leaves open. */
async function bindingsFor(path: string, { inputs }: Recording): Promise<Readonly<Record<string, number>>> {
  const source = await FileSource.open(path);
  const { dimensions } = await profileModel(source, new ExternalDataFolder(path));
  await source.close();
  const sizes = new Map(
    Object.entries(inputs).flatMap(([name, shape]) => shape.map((size, axis) => [`${name}[${axis}]`, size])),
  );
  return Object.fromEntries(
    dimensions.map(({ name, occurrences: [place = ""] }) => {
      const size = sizes.get(place);
      assert.ok(size !== undefined, `the recording has a size for ${place}`);
      return [name, size];
    }),
  );
}

/** "To the end" is INT64_MAX, which a number rounds up to what would be encoded as a negative one. */
function keepToEnd({ node }: onnx.GraphProto.$Properties): void {
  for (const attribute of node?.flatMap((one) => one.attribute ?? []) ?? []) {
    attribute.ints = attribute.ints?.map((value) => Math.min(value, Number.MAX_SAFE_INTEGER)) ?? [];
  }
}

function compare(profile: Profile, recording: Recording): void {
  assert.equal(profile.layers.length, recording.rows.length, "one row a node");
  recording.rows.forEach((row, index) => {
    const layer = profile.layers[index];
    assert.ok(layer);
    const place = `row ${index} (${row.op} ${row.name})`;
    assert.equal(layer.op, row.op, place);
    if (row.name !== "") assert.equal(layer.name, row.name, place);
    assert.equal(layer.macs, row.macs, `${place}: MACs`);
    for (const output of row.outputs) {
      const ours: TensorProfile | undefined = layer.outputs.find(({ name }) => name === output.name);
      assert.ok(ours, `${place}: output ${output.name}`);
      assert.deepEqual(ours.shape, output.shape, `${place}: shape of ${output.name}`);
      assert.equal(ours.dtype, output.dtype, `${place}: type of ${output.name}`);
    }
  });
  assert.equal(profile.totals.macs, recording.macs);
  const failures = profile.warnings.filter(({ code }) => code === "internal-error" || code === "shape-error");
  assert.deepEqual(failures, []);
}
