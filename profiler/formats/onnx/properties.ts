import type { onnx } from "./schema/onnx.ts";

type ModelProto = onnx.ModelProto.$Properties;

/** Who wrote the model and what it says of itself, in the order to show. Metadata never replaces what ONNX itself defines. */
export function readProperties(model: ModelProto, opsets: ReadonlyMap<string, number>): ReadonlyMap<string, string> {
  const opsetTexts = [...opsets].map(([domain, version]) => `${domain === "" ? "ai.onnx" : domain} ${version}`);
  const metadata = (model.metadataProps ?? []).map(({ key, value }) => [key ?? "", value ?? ""] as const);
  const defined: readonly (readonly [string, string])[] = [
    ["Producer", model.producerName ?? ""],
    ["Producer version", model.producerVersion ?? ""],
    ["Domain", model.domain ?? ""],
    ["Model version", model.modelVersion ? String(model.modelVersion) : ""],
    ["Description", model.docString ?? ""],
    ["IR version", String(model.irVersion ?? "")],
    ["Operator sets", opsetTexts.join(", ")],
  ];
  const properties = new Map<string, string>();
  for (const [name, text] of [...defined, ...metadata]) {
    if (name !== "" && text !== "" && !properties.has(name)) properties.set(name, text);
  }
  return properties;
}
