import assert from "node:assert/strict";
import { CountingSource } from "../../../../profiler/bytes/counting-source.ts";
import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import { WireWalker } from "../../../../profiler/formats/onnx/wire/walk.ts";
import { graph, node, onnxModel, tensor } from "../../../builders/onnx-builder.ts";

const GRAPH = 7;
const NAME = 3;

describe("Walks over the messages of a file", () => {
  it("that go on side by side read a file of many nodes once, not once a node", async () => {
    const nodes = Array.from({ length: 200 }, (_, index) =>
      node("Relu", [`t${index}`], [`t${index + 1}`], {}, { name: `n${index}` }),
    );
    // Behind the nodes, so that the walk over the graph's own fields ends far from them.
    const initializers = ["v", "w"].map((name) => tensor(name, "float32", [50_000], new Array<number>(50_000).fill(0)));
    const bytes = onnxModel({ graph: graph(nodes, { initializers }) });
    const source = new CountingSource(new MemorySource("chain.onnx", bytes));
    const walker = WireWalker.of(source);
    const [whole] = (await walker.fields(0, bytes.length)).filter(({ field }) => field === GRAPH);
    const messages = (await walker.fields(whole?.offset ?? 0, whole?.length ?? 0)).filter(({ field }) => field === 1);
    const names = await Promise.all(
      messages.map(async ({ offset, length }) => {
        const [name] = (await walker.fields(offset, length)).filter(({ field }) => field === NAME);
        return name && walker.text(name);
      }),
    );
    assert.deepEqual(
      names,
      nodes.map(({ name }) => name),
    );
    assert.ok(source.reads <= 20, `${source.reads} reads`);
  });
});
