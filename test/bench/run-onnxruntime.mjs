// What a user does without Edgewise: loads the model into ONNX Runtime and runs it once with profiling on. Arguments: MODEL INPUT SHAPE.
import ort from "onnxruntime-node";

const [model, input, shape] = process.argv.slice(2);
const dimensions = shape.split("x").map(Number);
const size = dimensions.reduce((product, dimension) => product * dimension, 1);

const session = await ort.InferenceSession.create(model, {
  enableProfiling: true,
  profileFilePrefix: model, // the profile goes with the model's folder
  graphOptimizationLevel: "disabled", // every node keeps a row of its own in the profile
});
await session.run({ [input]: new ort.Tensor("float32", new Float32Array(size), dimensions) });
session.endProfiling();
