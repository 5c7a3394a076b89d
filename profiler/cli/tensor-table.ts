import { printable } from "../exports/printable.ts";
import { plainTable } from "../exports/terminal.ts";
import { formatShare } from "../format-numbers.ts";
import type { ComparedTensor, RunComparison } from "../runtime/compare-runs.ts";
import type { Difference } from "../runtime/difference.ts";

const MEASURES: readonly { readonly title: string; readonly text: (difference: Difference) => string }[] = [
  { title: "Max error", text: ({ maxAbsolute }) => digits(maxAbsolute) },
  { title: "Of range", text: ({ maxRelative }) => digits(maxRelative) },
  { title: "RMS", text: ({ rms }) => digits(rms) },
  { title: "SNR dB", text: ({ snr, isIdentical }) => snr?.toFixed(1) ?? (isIdentical ? "∞" : "−∞") },
  { title: "Cosine", text: ({ cosine }) => cosine?.toFixed(6) ?? "" },
  { title: "Same top 1", text: ({ top1 }) => agreementText(top1?.agreement) },
  { title: "Right a", text: ({ top1 }) => (top1?.accuracy ? formatShare(top1.accuracy.a) : "") },
  { title: "Right b", text: ({ top1 }) => (top1?.accuracy ? formatShare(top1.accuracy.b) : "") },
];

/** How far each tensor of b is from that of a, a measure a column; measures that no tensor has are left out. */
export function tensorTable(tensors: readonly ComparedTensor[]): string {
  const { titles, rows, remarks } = tensorTexts(tensors);
  const table = rows.length === 0 ? [] : [plainTable([titles, ...rows], aligned(titles.length))];
  return [...table, ...remarks].join("\n");
}

export interface TensorTexts {
  readonly titles: readonly string[];
  /** A row a tensor that both models made. */
  readonly rows: readonly (readonly string[])[];
  /** Why others, or some of their elements, were not compared. */
  readonly remarks: readonly string[];
}

/** The texts of such a table. */
export function tensorTexts(tensors: readonly ComparedTensor[]): TensorTexts {
  const rows = tensors.map(({ names, difference, reason }) => {
    const name = printable(names.a === names.b ? names.a : `${names.a} / ${names.b}`);
    if (difference === undefined) return [name, printable(`not compared: ${reason ?? ""}`)];
    if (saysNothing(difference)) return [name];
    return [name, ...MEASURES.map(({ text }) => text(difference))];
  });
  const compared = rows.filter(({ length }) => length > 2);
  const used = MEASURES.map((_, index) => compared.some((row) => row[index + 1] !== ""));
  const shown = (row: readonly string[]): readonly string[] => row.filter((_, index) => index === 0 || used[index - 1]);
  const titles = ["Tensor", ...MEASURES.map(({ title }) => title)];
  const notCompared = rows.filter(({ length }) => length === 2).map((row) => row.join(": "));
  const notFinite = tensors.flatMap(({ names, difference }) => notFiniteText(names.a, difference) ?? []);
  return { titles: shown(titles), rows: compared.map(shown), remarks: [...notCompared, ...notFinite] };
}

/** No element is a number in either model: they differ in nothing, and nothing is known of it. */
function saysNothing({ elements, alikeNonFinite }: Difference): boolean {
  return elements > 0 && alikeNonFinite === elements;
}

function notFiniteText(name: string, difference: Difference | undefined): string | undefined {
  if (difference === undefined || difference.alikeNonFinite === 0) return undefined;
  const { elements, alikeNonFinite } = difference;
  const which = saysNothing(difference) ? `all ${elements}` : `${alikeNonFinite} of ${elements}`;
  return `${printable(name)}: ${which} elements are NaN or infinite in both models and are not compared`;
}

function agreementText(agreement: number | null | undefined): string {
  return typeof agreement === "number" ? formatShare(agreement) : "";
}

/** Names on the left, numbers on the right. */
export function aligned(columns: number): readonly { readonly align: "left" | "right" }[] {
  return Array.from({ length: columns }, (_, index) => ({ align: index === 0 ? "left" : "right" }));
}

/** Three digits that matter. */
function digits(value: number | null): string {
  if (value === null) return "∞";
  return value === 0 ? "0" : value.toPrecision(3);
}

/** "Not compared: noise (it depends on random numbers, …), extra"; empty where all outputs were. */
export function notComparedText({ unmatched, skipped }: RunComparison): string {
  const reasons = new Map(skipped.map(({ name, reason }) => [name, reason]));
  const texts = unmatched.map((name) => {
    const reason = reasons.get(name);
    return reason === undefined ? name : `${name} (${reason})`;
  });
  return texts.length === 0 ? "" : `Not compared: ${texts.map(printable).join(", ")}`;
}
