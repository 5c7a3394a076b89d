import "./plain-numbers.ts";

export { onnx } from "./generated/onnx.js";
