import assert from "node:assert/strict";
import type { Layer } from "../../../profiler/layers/layer.ts";
import { NO_GROUPS } from "../../../profiler/layers/operator-group.ts";
import { listLayers } from "../../../profiler/layers/list-layers.ts";
import type { Listing } from "../../../profiler/layers/listing.ts";
import type { Body } from "../../../profiler/model/model.ts";
import { inferGraph } from "../../../profiler/operators/infer.ts";
import type { NodeView } from "../../../profiler/operators/node-view.ts";
import type { OperatorRule, OperatorTable } from "../../../profiler/operators/operator-rule.ts";
import type { InferredType } from "../../../profiler/operators/inferred-type.ts";
import { graphOf, modelOf, type GraphSketch } from "../../builders/graph-builder.ts";

const first = (view: NodeView): readonly InferredType[] => [{ dataType: view.dataType(0), shape: view.shape(0) }];

/** A layer of rows×inner×columns MACs by its attribute. */
const product: OperatorRule = {
  describe: (view) => ({
    outputs: first(view),
    operation: {
      kind: "matmul",
      geometry: { batch: 1, rows: 1, inner: 1, columns: view.int("macs", 0), hasBias: false },
    },
  }),
};

const RULES: Readonly<Record<string, OperatorRule>> = {
  Product: product,
  Relu: { kind: "data-movement", infer: first },
  Packed: { kind: "data-movement", infer: first, weightElements: () => ({ elements: 64, dataType: "int4" }) },
  Shape: { kind: "shape", infer: () => [{ dataType: "int64", shape: [2] }] },
  Gather: { kind: "gather", infer: first, configuration: [1] },
  Reshape: { kind: "reshape", infer: first, configuration: [1], isView: true, carries: 0 },
  If: {
    kind: "control",
    infer: () => [],
    control: {
      bodyInputs: () => [],
      outputs: (_view, [then]) => then ?? [],
      isChoice: true,
      trips: (view, { role }) => (view.text("always", role) === role ? 1 : 0),
    },
  },
  Loop: {
    kind: "control",
    infer: () => [],
    control: { bodyInputs: () => [], outputs: () => [], trips: (view) => view.int("trips") },
  },
};
const OPERATORS: OperatorTable = new Map([["", RULES]]);
const X = { dataType: "float32", shape: [2, 3] } as const;

function list(...sketches: readonly GraphSketch[]): Listing {
  const entries = sketches.map((sketch, entry) => {
    const graph = graphOf(sketch);
    const context = { model: modelOf(graph), operators: OPERATORS, checksDeclared: true };
    const inferred = inferGraph(
      context,
      graph,
      graph.inputs.map(() => X),
      `entry${entry}`,
    );
    return { name: graph.name, inferred, isProfiled: entry === 0 };
  });
  return listLayers(entries, NO_GROUPS);
}

function body(role: Body["role"], label: string, macs: readonly number[]): Body {
  const nodes = macs.map((count, index) => ({
    op: "Product",
    name: `product${index}`,
    inputs: ["a"],
    outputs: [`b${index}`],
    attributes: { macs: count },
  }));
  return { role, label, graph: graphOf({ captured: { a: 0 }, nodes, outputs: ["b0"] }) };
}

function row({ layers }: Listing, name: string): Layer {
  const found = layers.find((layer) => layer.name === name);
  assert.ok(found, `a row called ${name}`);
  return found;
}

describe("listLayers", () => {
  it("names rows after their node, else after their output, and reads modules from the name", () => {
    const { layers } = list({
      inputs: { x: X },
      nodes: [
        { op: "Relu", name: "/stem/act/Relu", inputs: ["x"], outputs: ["y"] },
        { op: "Relu", inputs: ["y"], outputs: ["/head/z"] },
        { op: "Fast", domain: "com.example", inputs: ["y"], outputs: ["f"] },
      ],
    });
    assert.deepEqual(
      layers.map(({ name, op, path }) => ({ name, op, path: path.join("/") })),
      [
        { name: "/stem/act/Relu", op: "Relu", path: "stem/act" },
        { name: "/head/z", op: "Relu", path: "head" },
        { name: "f", op: "com.example.Fast", path: "" },
      ],
    );
    assert.match(layers[2]?.notes[0] ?? "", /no rule for com\.example\.Fast/);
  });

  it("lists bodies after their node, counts the more expensive branch and shows the other", () => {
    const listing = list({
      inputs: { x: X },
      nodes: [
        {
          op: "If",
          name: "/choose/If",
          inputs: ["x"],
          outputs: ["y"],
          bodies: [body("then", "then_branch", [5]), body("else", "else_branch", [3, 4])],
        },
        { op: "Relu", name: "after", inputs: ["y"], outputs: ["z"] },
      ],
    });
    const places = listing.layers.map(({ path, isCounted }) => `${path.join("/")} ${isCounted}`);
    assert.deepEqual(places, [
      "choose true",
      "choose/If/then_branch false",
      "choose/If/else_branch true",
      "choose/If/else_branch true",
      " true",
    ]);
    assert.match(listing.layers[1]?.notes.join() ?? "", /cheaper branch.*not counted/);
    assert.deepEqual(listing.layers[0]?.notes, ["Of its branches the more expensive counts: else_branch."]);
    assert.deepEqual(listing.layers[2]?.notes, []);
  });

  it("counts the branch that always runs, however cheap it is", () => {
    const listing = list({
      inputs: { x: X },
      nodes: [
        {
          op: "If",
          name: "If",
          inputs: ["x"],
          outputs: ["y"],
          attributes: { always: "then" },
          bodies: [body("then", "then_branch", [1]), body("else", "else_branch", [9])],
        },
      ],
    });
    assert.deepEqual(
      listing.layers.map(({ isCounted }) => isCounted),
      [true, true, false],
    );
    assert.match(listing.layers[2]?.notes.join() ?? "", /Does not run/);
  });

  it("multiplies by the trips of the loops around, and marks a loop whose trips only a run can tell", () => {
    const loop = (attributes: Readonly<Record<string, number>>): Listing =>
      list({
        inputs: { x: X },
        nodes: [
          { op: "Loop", name: "loop", inputs: ["x"], outputs: ["y"], attributes, bodies: [body("loop", "body", [1])] },
        ],
      });
    assert.equal(row(loop({ trips: 7 }), "product0").repeats, 7);
    const open = row(loop({}), "product0");
    assert.equal(open.repeats, 1);
    assert.match(open.notes.join(), /counted once/);
    assert.equal(row(loop({ trips: 0 }), "product0").isCounted, false);
  });

  it("shows the rows of other entries and does not count them", () => {
    const graph = (name: string): GraphSketch => ({
      name,
      inputs: { x: X },
      nodes: [{ op: "Relu", name: `${name}-relu`, inputs: ["x"], outputs: ["y"] }],
    });
    const listing = list(graph("main"), graph("decode"));
    assert.equal(row(listing, "main-relu").isCounted, true);
    assert.equal(row(listing, "decode-relu").isCounted, false);
    assert.deepEqual(row(listing, "decode-relu").path, ["decode"]);
  });

  it("tells shape arithmetic and constants from work", () => {
    const listing = list({
      inputs: { x: X },
      constants: { w: { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] }, index: { shape: [1], values: [0] } },
      nodes: [
        { op: "Relu", name: "folded", inputs: ["w"], outputs: ["v"] },
        { op: "Relu", name: "work", inputs: ["x", "v"], outputs: ["y"] },
        { op: "Shape", name: "shape", inputs: ["y"], outputs: ["s"] },
        { op: "Gather", name: "gather", inputs: ["s", "index"], outputs: ["t"] },
        { op: "Reshape", name: "reshape", inputs: ["y", "t"], outputs: ["z"] },
      ],
      outputs: ["z"],
    });
    const roles = Object.fromEntries(listing.layers.map(({ name, role }) => [name, role]));
    assert.deepEqual(roles, {
      folded: "constant",
      work: "compute",
      shape: "shape",
      gather: "shape",
      reshape: "compute",
    });
  });

  it("takes nothing that a run hands out for shape arithmetic", () => {
    const listing = list({
      inputs: { x: X },
      nodes: [
        { op: "Relu", name: "size", inputs: ["x"], outputs: ["t"] },
        { op: "Reshape", name: "reshape", inputs: ["x", "t"], outputs: ["z"] },
      ],
      outputs: ["z", "t"],
    });
    assert.equal(row(listing, "size").role, "compute");
  });

  it("takes packed weights for the elements they stand for, shared ones still shared", () => {
    const { layers } = list({
      constants: { w: { shape: [8], values: [1, 2, 3, 4, 5, 6, 7, 8] } },
      nodes: [
        { op: "Packed", name: "one", inputs: ["w"], outputs: ["y"] },
        { op: "Packed", name: "two", inputs: ["w"], outputs: ["z"] },
      ],
    });
    const [one, two] = layers.map(({ inputs: [weight] }) => weight?.constant);
    assert.deepEqual(one, { name: "w", elements: 64, dataType: "int4", storedBytes: 32 });
    assert.equal(one, two);
  });

  it("hands problems on with their rows", () => {
    const { problems } = list({
      inputs: { x: X },
      declared: { y: { dataType: "float32", shape: [9] } },
      nodes: [{ op: "Relu", inputs: ["x"], outputs: ["y"] }],
    });
    assert.deepEqual(
      problems.map(({ layer, code }) => ({ layer, code })),
      [{ layer: 0, code: "shape-disagrees" }],
    );
  });
});
