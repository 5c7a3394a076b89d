/** A file format that models are read from and written to; everything else of it stands in `formats/`. */
export type FormatId = "onnx" | "tflite";
