import { RunError } from "../../errors.ts";
import type { RunOptions } from "../target.ts";

/** @throws {RunError} for options that runs in a browser do not have */
export function onChromeOnly({ cores, delegate }: RunOptions): void {
  if (cores !== undefined)
    throw new RunError("runs in Chrome cannot be bound to cores", {
      hint: "Leave out --cores, or --runtime: what runs outside Chrome can be bound",
    });
  if (delegate !== undefined)
    throw new RunError(`runs in Chrome have no ${delegate} delegate`, {
      hint: "Name a benchmark_model for Android, or take --runtime webgpu for the GPU",
    });
}
