import * as l10n from "@vscode/l10n";
import type { LayerProfile } from "../../profiler/profile.ts";

/** Pixels; a level of VS Code's own trees is 8, of which two can be told apart more easily. */
export const INDENT = 12;
export const TWISTIE = 18;

/** "/layer1/layer1.0/conv1/Conv" in the module "layer1/layer1.0" is "conv1/Conv". */
export function nameBelow(name: string, module: string): string {
  if (module === "") return name;
  const bare = name.startsWith("/") ? name.slice(1) : name;
  return bare.startsWith(`${module}/`) ? bare.slice(module.length + 1) : name;
}

/** A name by its segments, each with the slash behind it; apart from the operator that a column beside it says already. */
export interface NameParts {
  readonly own: readonly string[];
  /** "/Conv" of "conv1/Conv"; empty where the name does not end so, or is nothing else. */
  readonly operator: string;
}

/** @param op operator that need not be repeated */
export function nameParts(name: string, op: string | undefined): NameParts {
  const repeated = op !== undefined && name.endsWith(`/${op}`) && name.length > op.length + 1;
  const own = repeated ? name.slice(0, -op.length - 1) : name;
  return { own: own.match(/[^/]*\/|[^/]+$/g) ?? [own], operator: repeated ? `/${op}` : "" };
}

/** "12 rows of shape arithmetic" */
export function foldText(layers: readonly LayerProfile[]): string {
  const rows = layers.length.toLocaleString();
  const isOne = layers.length === 1;
  const roles = new Set(layers.map(({ role, isFixed }) => (isFixed === true ? "fixed" : role)));
  if (roles.has("fused")) {
    if (isOne) return l10n.t("1 row inside another operator");
    return roles.size === 1
      ? l10n.t("{0} rows inside other operators", rows)
      : l10n.t("{0} rows of shape arithmetic, constants and inside other operators", rows);
  }
  if (roles.has("fixed") && roles.size === 1)
    return isOne
      ? l10n.t("1 row computed from shapes and constants alone")
      : l10n.t("{0} rows computed from shapes and constants alone", rows);
  if (roles.size > 1) return l10n.t("{0} rows of shape arithmetic and constants", rows);
  if (roles.has("shape"))
    return isOne ? l10n.t("1 row of shape arithmetic") : l10n.t("{0} rows of shape arithmetic", rows);
  return isOne ? l10n.t("1 row of constants") : l10n.t("{0} rows of constants", rows);
}

export function layerCount(layers: number): string {
  return layers === 1 ? l10n.t("1 layer") : l10n.t("{0} layers", layers.toLocaleString());
}
