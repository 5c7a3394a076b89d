/** What every command takes as a model. */
export const MODEL_ARGUMENT =
  "an .onnx or .tflite file, or a .task or .litertlm bundle; FILE#NAME is one model, signature or subgraph of it";
