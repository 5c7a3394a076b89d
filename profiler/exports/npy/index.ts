export { constantNamed, constantOfLayer, type ConstantTensor, type LayerSide } from "./constant-tensor.ts";
export { writeNpy, type TensorContent } from "./write-npy.ts";
