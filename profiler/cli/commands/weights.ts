import type { Command } from "commander";
import type { XnorEstimate } from "../../compression/xnor.ts";
import { formatCell } from "../../columns.ts";
import { formatRatio } from "../../format-numbers.ts";
import { jsonText } from "../../exports/json-text.ts";
import { printable } from "../../exports/printable.ts";
import { plainTable } from "../../exports/terminal.ts";
import { analyseModel } from "../../profile-model.ts";
import { weightReports, type WeightReport } from "../../views/weight-report.ts";
import type { CliContext } from "../context.ts";
import { parseDimension } from "../quantities.ts";
import { aligned } from "../tensor-table.ts";
import { noticesText, noticing, type WeightNotice } from "../weight-notices.ts";
import { withModel } from "../with-model.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";

interface WeightsCommandOptions {
  readonly dim?: Readonly<Record<string, number>>;
  readonly json?: true;
}

/** `edgewise weights MODEL`: what each layer's weights take in the file, in a download, and by Deep Compression. */
export function addWeightsCommand(program: Command, context: CliContext): void {
  program
    .command("weights")
    .description(
      "show what each layer's weights take: in the file, compressed as in an APK, and by Deep Compression's codes; and what is noticed of them",
    )
    .argument("<model>", MODEL_ARGUMENT)
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option("--json", "write JSON")
    .action(async (path: string, { dim = {}, json }: WeightsCommandOptions) => {
      const signal = context.interruption?.();
      const { layers, noticed } = await withModel(path, async (model) => {
        const analysed = analyseModel(model, dim);
        const { look, notices } = noticing(analysed);
        const reports = await weightReports(analysed, {
          look,
          ...(signal && { signal }),
          onProgress: (done) => context.progress?.(`reading weights: ${Math.round(100 * done)} %`),
        });
        return { layers: reports, noticed: notices() };
      }).finally(() => context.progress?.(""));
      context.write(json ? jsonText({ schema: 1, model: path, layers, noticed }) : weightTable(layers, noticed));
    });
}

function weightTable(layers: readonly WeightReport[], noticed: readonly WeightNotice[]): string {
  const head = ["Layer", "Weights", "Stored", "Download", "Not zero", "Values", "Huffman estimate"];
  const rows = layers.map(({ layer, elements, storedBytes, downloadBytes, deepCompression }) => [
    printable(layer),
    elements === null ? "?" : formatCell("elements", elements),
    formatCell("bytes", storedBytes),
    downloadBytes === null ? "?" : formatCell("bytes", downloadBytes),
    deepCompression ? formatCell("elements", deepCompression.kept) : "",
    deepCompression ? String(deepCompression.values) : "",
    deepCompression ? formatCell("bytes", deepCompression.huffmanBytes) : "",
  ]);
  const sum = (of: (report: WeightReport) => number | null): string => {
    const known = layers.flatMap((report) => of(report) ?? []);
    const total = formatCell(
      "bytes",
      known.reduce((all, each) => all + each, 0),
    );
    return known.length === layers.length ? total : `≥ ${total}`;
  };
  const total = [
    "Total",
    "",
    sum(({ storedBytes }) => storedBytes),
    sum(({ downloadBytes }) => downloadBytes),
    "",
    "",
    "",
  ];
  const unread = layers.flatMap(({ layer, unreadable }) =>
    unreadable === undefined ? [] : [`${printable(layer)}: ${printable(unreadable)}`],
  );
  const notes = [NOTE, ...xnorNote(layers), ...unread, ...noticesText(noticed)].join("\n\n");
  return `${plainTable([head, ...rows, total], aligned(head.length))}\n\n${notes}\n`;
}

/** Of all layers but the first and the last, which XNOR-Net leaves in floats. */
function xnorNote(layers: readonly WeightReport[]): readonly string[] {
  const inner = layers.flatMap(({ xnor }) => xnor ?? []).slice(1, -1);
  const sum = (of: (estimate: XnorEstimate) => number): number => inner.reduce((all, each) => all + of(each), 0);
  if (sum(({ macs }) => macs) === 0) return [];
  const ratio = formatRatio(sum(({ macs }) => macs) / sum(({ equivalentMacs }) => equivalentMacs));
  const bytes = formatCell(
    "bytes",
    sum(({ storedBytes }) => storedBytes),
  );
  return [
    `XNOR estimate (Rastegari et al., XNOR-Net, 2016): with binary weights and activations, the ${inner.length} layers between the first and the last would take ${bytes}, and compute ${ratio} as fast. Without training their answers are not usable, and no runtime here computes them; binarize-weights keeps activations in floats.`,
  ];
}

const NOTE =
  "Download: by deflate, each layer for itself. Huffman estimate: gaps, places in a table and the table as Deep Compression codes them, where a layer has no more than 256 values, or as many levels of a scale for each output; no runtime reads such files.";
