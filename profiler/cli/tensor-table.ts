import { printable } from "../exports/printable.ts";
import { plainTable } from "../exports/terminal.ts";
import { formatShare } from "../format-numbers.ts";
import type { ComparedTensor } from "../runtime/compare-runs.ts";
import type { Difference } from "../runtime/difference.ts";

const MEASURES: readonly { readonly title: string; readonly text: (difference: Difference) => string }[] = [
  { title: "Max error", text: ({ maxAbsolute }) => digits(maxAbsolute) },
  { title: "Of range", text: ({ maxRelative }) => digits(maxRelative) },
  { title: "RMS", text: ({ rms }) => digits(rms) },
  { title: "SNR dB", text: ({ snr }) => (Number.isFinite(snr) ? snr.toFixed(1) : digits(snr)) },
  { title: "Cosine", text: ({ cosine }) => cosine.toFixed(6) },
  { title: "Same top 1", text: ({ top1 }) => agreementText(top1?.agreement) },
  { title: "Right a", text: ({ top1 }) => (top1?.accuracy ? formatShare(top1.accuracy.a) : "") },
  { title: "Right b", text: ({ top1 }) => (top1?.accuracy ? formatShare(top1.accuracy.b) : "") },
];

/** How far each tensor of b is from that of a, a measure a column; measures that no tensor has are left out. */
export function tensorTable(tensors: readonly ComparedTensor[]): string {
  const rows = tensors.map(({ names, difference, reason }) => {
    const name = printable(names.a === names.b ? names.a : `${names.a} / ${names.b}`);
    if (difference === undefined) return [name, printable(`not compared: ${reason ?? ""}`)];
    return [name, ...MEASURES.map(({ text }) => text(difference))];
  });
  const compared = rows.filter(({ length }) => length > 2);
  const used = MEASURES.map((_, index) => compared.some((row) => row[index + 1] !== ""));
  const shown = (row: readonly string[]): readonly string[] => row.filter((_, index) => index === 0 || used[index - 1]);
  const titles = ["Tensor", ...MEASURES.map(({ title }) => title)];
  const table = compared.length === 0 ? [] : [plainTable([titles, ...compared].map(shown), aligned(titles.length))];
  const others = rows.filter(({ length }) => length === 2).map((row) => row.join(": "));
  return [...table, ...others].join("\n");
}

function agreementText(agreement: number | null | undefined): string {
  return typeof agreement === "number" ? formatShare(agreement) : "";
}

/** Names on the left, numbers on the right. */
export function aligned(columns: number): readonly { readonly align: "left" | "right" }[] {
  return Array.from({ length: columns }, (_, index) => ({ align: index === 0 ? "left" : "right" }));
}

/** Three digits that matter. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return value === 0 ? "0" : value.toPrecision(3);
}
