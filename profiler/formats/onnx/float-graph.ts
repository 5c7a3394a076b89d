import { onnx } from "./schema/onnx.ts";

type NodeProto = onnx.NodeProto.$Properties;

/** A model of floats that computes what the engine asks for, for matrices of any size. */
export function floatGraph(
  name: string,
  nodes: readonly NodeProto[],
  inputs: readonly string[],
  outputs: readonly string[],
): Uint8Array {
  const model = {
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    graph: { name, node: [...nodes], input: inputs.map(matrixOf), output: outputs.map(floatsOf) },
  };
  return onnx.ModelProto.encode(model).finish();
}

/** op(a) · op(b), each transposed where asked for. */
export function gemm(
  [a, b]: readonly [string, string],
  output: string,
  { transposeA = false, transposeB = false }: { readonly transposeA?: boolean; readonly transposeB?: boolean },
): NodeProto {
  return {
    opType: "Gemm",
    input: [a, b],
    output: [output],
    attribute: [flag("transA", transposeA), flag("transB", transposeB)],
  };
}

export function flag(name: string, value: boolean): onnx.AttributeProto.$Properties {
  return { name, type: onnx.AttributeProto.AttributeType.INT, i: value ? 1 : 0 };
}

function matrixOf(name: string): onnx.ValueInfoProto.$Properties {
  const dim = [{ dimParam: `${name}-rows` }, { dimParam: `${name}-columns` }];
  return { name, type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT, shape: { dim } } } };
}

/** Of whatever shape. */
function floatsOf(name: string): onnx.ValueInfoProto.$Properties {
  return { name, type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT } } };
}
