import { onnx } from "./schema/onnx.ts";

/** A model that multiplies two matrices of any size, `a` and `b`, to `c`: op(a) · op(b), each transposed where asked for. */
export function productGraph(transposeA: boolean, transposeB: boolean): Uint8Array {
  const matrixOf = (name: string): onnx.ValueInfoProto.$Properties => ({
    name,
    type: {
      tensorType: {
        elemType: onnx.TensorProto.DataType.FLOAT,
        shape: { dim: [{ dimParam: `${name}-rows` }, { dimParam: `${name}-columns` }] },
      },
    },
  });
  const flag = (name: string, value: boolean): onnx.AttributeProto.$Properties => ({
    name,
    type: onnx.AttributeProto.AttributeType.INT,
    i: value ? 1 : 0,
  });
  const gemm = {
    opType: "Gemm",
    input: ["a", "b"],
    output: ["c"],
    attribute: [flag("transA", transposeA), flag("transB", transposeB)],
  };
  const model = {
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    graph: { name: "gemm", node: [gemm], input: [matrixOf("a"), matrixOf("b")], output: [matrixOf("c")] },
  };
  return onnx.ModelProto.encode(model).finish();
}
