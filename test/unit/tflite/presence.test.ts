import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ByteBuffer } from "flatbuffers";

import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import {
  Model,
  type Operator,
  type SubGraph,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { tfliteBytes } from "../../../profiler/formats/tflite/write.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { RESTRUCTURINGS } from "../../../profiler/restructure/registry.ts";
import { isRefusal } from "../../../profiler/restructure/restructuring.ts";
import { LoweringError } from "../../../profiler/neutral/lowering-error.ts";
import { skip } from "../../skip.ts";

const FOLDERS = ["../shared/models/tflite", "../shared/cases/tflite"];
/** Slots of the vtables of Operator: each field by its place in the schema. */
const OPERATOR_FIELDS = { inputs: 6, outputs: 8, customOptions: 14, mutatingVariableInputs: 18, intermediates: 20 };

function main(bytes: Uint8Array): SubGraph {
  const graph = Model.getRootAsModel(new ByteBuffer(bytes)).subgraphs(0);
  assert.ok(graph);
  return graph;
}

function operators(bytes: Uint8Array): readonly Operator[] {
  const graph = main(bytes);
  return Array.from({ length: graph.operatorsLength() }, (_, index) => graph.operators(index)).flatMap(
    (one) => one ?? [],
  );
}

/** Which lists an operator has, whether they have elements or not. */
function lists(operator: Operator): readonly string[] {
  const { bb, bb_pos: at } = operator;
  return Object.entries(OPERATOR_FIELDS).flatMap(([name, slot]) => (bb?.__offset(at, slot) === 0 ? [] : [name]));
}

function saysRanks(graph: SubGraph): boolean {
  return Array.from({ length: graph.tensorsLength() }, (_, index) => graph.tensors(index)).some((one) =>
    one?.hasRank(),
  );
}

describe("A TFLite file that is written", () => {
  for (const folder of FOLDERS) {
    for (const file of existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".tflite")) : [""]) {
      it(`leaves out what ${file} leaves out, and keeps lists without elements`, async function () {
        if (file === "") skip(this, "the models are in ../shared");
        const bytes = readFileSync(join(folder, file));
        if (bytes.length > 1_000_000) skip(this, "smaller ones are enough");
        const model = await readTflite(new MemorySource(file, bytes));
        const graph = liftModel(model);
        const found = RESTRUCTURINGS.filter(({ id }) => id !== "reduce-resolution")
          .flatMap((restructuring) => restructuring.find(graph).map((finding) => ({ restructuring, finding })))
          .find(({ finding }) => !isRefusal(finding));
        if (found === undefined || isRefusal(found.finding)) skip(this, "nothing in it can be restructured");
        const { target, options = {} } = found.finding;
        const edit = { restructuring: found.restructuring.id, target, options };
        const { after } = await applyEdit(model, edit).catch((error: unknown) => {
          if (error instanceof LoweringError) skip(this, error.message);
          throw error;
        });
        const written = await tfliteBytes(after);
        const [old, now] = [operators(bytes), operators(written)];
        after.entries[0].graph.nodes.forEach(({ origin }, position) => {
          const operator = now[position];
          const before = origin === undefined ? undefined : old[origin];
          assert.ok(operator);
          assert.deepEqual(lists(operator), before ? lists(before) : ["inputs", "outputs"]);
        });
        const graphNow = main(written);
        assert.equal(saysRanks(graphNow), saysRanks(main(bytes)), "a file says the ranks of its tensors or does not");
        for (let index = 0; index < graphNow.tensorsLength(); index += 1) {
          const tensor = graphNow.tensors(index);
          const [signature, hasSignature] = [tensor?.shapeSignatureLength(), tensor?.bb?.__offset(tensor.bb_pos, 18)];
          if (signature === 0 && tensor?.shapeLength() !== 0)
            assert.equal(hasSignature, 0, "a signature without sizes");
        }
      }).timeout(20_000);
    }
  }
});
