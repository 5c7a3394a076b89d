import type { Command } from "commander";
import { formatCell } from "../../columns.ts";
import { jsonText } from "../../exports/json-text.ts";
import { printable } from "../../exports/printable.ts";
import { plainTable } from "../../exports/terminal.ts";
import { analyseModel } from "../../profile-model.ts";
import { weightReports, type WeightReport } from "../../views/weight-report.ts";
import type { CliContext } from "../context.ts";
import { parseDimension } from "../quantities.ts";
import { aligned } from "../tensor-table.ts";
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
      "show what each layer's weights take: in the file, compressed as in an APK, and by Deep Compression's codes",
    )
    .argument("<model>", MODEL_ARGUMENT)
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option("--json", "write JSON")
    .action(async (path: string, { dim = {}, json }: WeightsCommandOptions) => {
      const signal = context.interruption?.();
      const layers = await withModel(path, (model) =>
        weightReports(analyseModel(model, dim), {
          ...(signal && { signal }),
          onProgress: (done) => context.progress?.(`reading weights: ${Math.round(100 * done)} %`),
        }),
      ).finally(() => context.progress?.(""));
      context.write(json ? jsonText({ schema: 1, model: path, layers }) : weightTable(layers));
    });
}

function weightTable(layers: readonly WeightReport[]): string {
  const head = ["Layer", "Weights", "Stored", "Download", "Not zero", "Values", "Huffman estimate"];
  const rows = layers.map(({ layer, elements, storedBytes, downloadBytes, deepCompression }) => [
    printable(layer),
    elements === null ? "?" : formatCell("elements", elements),
    formatCell("bytes", storedBytes),
    formatCell("bytes", downloadBytes),
    deepCompression ? formatCell("elements", deepCompression.kept) : "",
    deepCompression ? String(deepCompression.values) : "",
    deepCompression ? formatCell("bytes", deepCompression.huffmanBytes) : "",
  ]);
  const sum = (of: (report: WeightReport) => number): string =>
    formatCell(
      "bytes",
      layers.reduce((total, report) => total + of(report), 0),
    );
  const total = [
    "Total",
    "",
    sum(({ storedBytes }) => storedBytes),
    sum(({ downloadBytes }) => downloadBytes),
    "",
    "",
    "",
  ];
  return `${plainTable([head, ...rows, total], aligned(head.length))}\n\n${NOTE}\n`;
}

const NOTE =
  "Download: by deflate, each layer for itself. Huffman estimate: gaps, places in a table and the table as Deep Compression codes them, where a layer has no more than 256 values, or as many levels of a scale for each output; no runtime reads such files.";
