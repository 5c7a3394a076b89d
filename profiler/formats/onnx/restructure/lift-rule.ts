import type { Lifted } from "../../../neutral/adapter.ts";
import type { NativeLayer } from "../../../neutral/native-layer.ts";

/** Form of a native operator. @throws {NotLiftable} with the reason why it is none */
export type Lift = (layer: NativeLayer) => Lifted;
