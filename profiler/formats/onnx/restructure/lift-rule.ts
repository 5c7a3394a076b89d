import type { Lifted } from "../../../restructure/format-side.ts";
import type { NativeLayer } from "../../../restructure/lift/native-layer.ts";

/** Form of a native operator. @throws {NotLiftable} with the reason why it is none */
export type Lift = (layer: NativeLayer) => Lifted;
