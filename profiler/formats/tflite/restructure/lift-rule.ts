import type { Lifted } from "../../../neutral/adapter.ts";
import type { TfliteLayer } from "./tflite-layer.ts";

/** Form of a builtin operator. @throws {NotLiftable} with the reason why it is none */
export type Lift = (layer: TfliteLayer) => Lifted;
