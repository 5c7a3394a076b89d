export { constantNamed, constantOfLayer, type ConstantTensor, type LayerSide } from "./constant-tensor.ts";
export { npyType } from "./npy-header.ts";
export { writeNpy, type TensorContent } from "./write-npy.ts";
