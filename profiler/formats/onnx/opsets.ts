import type { onnx } from "./schema/onnx.ts";

/** The newest version of the default domain that the operator rules are written for. */
export const NEWEST_OPSET = 28;

/** ONNX's default domain has two names. */
export function normalDomain(domain: string | null | undefined): string {
  return domain === "ai.onnx" ? "" : (domain ?? "");
}

/** Operator set versions by domain; where a domain is imported twice, the newer. */
export function readOpsets(imports: readonly onnx.OperatorSetIdProto.$Properties[]): ReadonlyMap<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain, version } of imports) {
    const name = normalDomain(domain);
    opsets.set(name, Math.max(version ?? 0, opsets.get(name) ?? 0));
  }
  return opsets;
}
