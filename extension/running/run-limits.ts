import * as vscode from "vscode";
import type { RunLimits } from "../worker/protocol.ts";

const GIGABYTE = 1e9;

/** What the settings allow models that run on this machine. */
export function runLimits(): RunLimits {
  const settings = vscode.workspace.getConfiguration("edgewise");
  const seconds = settings.get<unknown>("runLimit");
  const gigabytes = settings.get<unknown>("memoryLimit");
  return {
    ...(isPositive(seconds) && { seconds }),
    ...(isPositive(gigabytes) && { memoryBytes: gigabytes * GIGABYTE }),
  };
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && value > 0;
}
