import { InvalidArgumentError, type Command } from "commander";
import { formatCell } from "../../columns.ts";
import { formatEdit, type Edit } from "../../editing/edit.ts";
import type { EditSession } from "../../editing/edit-session.ts";
import { mixedToSize } from "../../editing/sensitivity/mixed-edit.ts";
import {
  furthestSafe,
  SAME_NETWORK_DECIBELS,
  TECHNIQUES,
  type Sensitivity,
  type SensitivityPoint,
  type TechniqueId,
} from "../../editing/sensitivity/sensitivity-points.ts";
import { jsonText } from "../../exports/json-text.ts";
import { printable } from "../../exports/printable.ts";
import { plainTable } from "../../exports/terminal.ts";
import { formatShare } from "../../format-numbers.ts";
import { formatDecibels } from "../../numeric/decibels.ts";
import {
  addCalibrationOptions,
  addTestOptions,
  calibrationOf,
  tellFolders,
  testSamplesOf,
  type CalibrationOptions,
  type TestOptions,
} from "../calibration-options.ts";
import { chooseHardware } from "../choose-hardware.ts";
import type { CliContext } from "../context.ts";
import { parseBytes, parseDimension } from "../quantities.ts";
import { aligned } from "../tensor-table.ts";
import { withEditSession } from "../with-model.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";

interface SensitivityCommandOptions extends CalibrationOptions, TestOptions {
  readonly technique?: readonly TechniqueId[];
  readonly layer?: readonly string[];
  readonly maxFileSize?: number;
  readonly dim?: Readonly<Record<string, number>>;
  readonly json?: true;
}

/** `edgewise sensitivity MODEL`: how much the answers change when one layer alone has fewer bits, shared values or fewer weights. */
export function addSensitivityCommand(program: Command, context: CliContext): void {
  const command = program
    .command("sensitivity")
    .description("show how much the answers change when the weights of one layer alone are quantized, shared or pruned")
    .argument("<model>", MODEL_ARGUMENT)
    .option(
      "--technique <names>",
      `what is tried, separated by commas: ${TECHNIQUES.map(({ id }) => id).join(", ")}; default: all that the file can hold`,
      parseTechniques,
    )
    .option(
      "--layer <name>",
      "only this layer; may be given several times",
      (name: string, before?: readonly string[]) => [...(before ?? []), name],
    )
    .option(
      "--max-file-size <bytes>",
      "print the mixed-precision edit that errs least within a file of this size",
      parseBytes,
    )
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option("--json", "write JSON");
  addTestOptions(addCalibrationOptions(command)).action(async (path: string, options: SensitivityCommandOptions) => {
    await tellFolders(options, context);
    const measuring = testSamplesOf(options, options.dim);
    const settings = {
      hardware: await chooseHardware(undefined),
      calibration: calibrationOf(options, options.dim),
      ...(options.dim && { bindings: options.dim }),
      ...(options.seed !== undefined && { seed: options.seed }),
    };
    const signal = context.interruption?.();
    const { found, edit } = await withEditSession(path, settings, async (session) => {
      const measured = await session.sensitivity({
        ...(measuring && { measuring }),
        ...(signal && { signal }),
        ...(options.technique && { techniques: options.technique }),
        ...(options.layer && { layers: new Set(options.layer) }),
        onProgress: (done, what) => context.progress?.(`${Math.round(100 * done)} %: ${printable(what)}`),
      });
      return { found: measured, edit: await mixed(session, measured, options.maxFileSize) };
    }).finally(() => context.progress?.(""));
    context.write(
      options.json
        ? jsonText({
            schema: 1,
            model: path,
            ...found,
            ...(options.maxFileSize !== undefined && { mixed: edit ? formatEdit(edit) : null }),
          })
        : report(found, edit, options.maxFileSize),
    );
  });
}

async function mixed(
  session: EditSession,
  { layers, fileBytes }: Sensitivity,
  most: number | undefined,
): Promise<Edit | undefined> {
  if (most === undefined) return undefined;
  return mixedToSize(layers, fileBytes, most, async (edit) => (await session.predict(edit))?.totals.fileBytes);
}

function report(found: Sensitivity, edit: Edit | undefined, most: number | undefined): string {
  const { samples } = found;
  const fitted = samples.fitted > 0 ? `weights fitted to ${samples.fitted} samples` : "weights looked at alone";
  const sections = [
    ...TECHNIQUES.flatMap(({ id }) => techniqueTable(found, id) ?? []),
    `Cells: SNR in dB of the model's outputs with that layer alone changed${found.accuracy === null ? "" : `, and right answers (${formatShare(found.accuracy)} as it is)`}; ${fitted}, errors measured on ${samples.measured} others: ${printable(samples.description)}. Furthest: the last at ${SAME_NETWORK_DECIBELS} dB or more.`,
    ...(found.isCancelled ? ["Cancelled: the layers that were measured by then."] : []),
    ...(most === undefined ? [] : [mixedText(edit, most)]),
  ];
  return `${sections.join("\n\n")}\n`;
}

function mixedText(edit: Edit | undefined, most: number): string {
  const size = formatCell("bytes", most);
  return edit
    ? `Least error within ${size}:\n  --edit "${printable(formatEdit(edit))}"`
    : `No mixture of these is within ${size}.`;
}

/** undefined where the file cannot hold it. */
function techniqueTable({ layers, accuracy }: Sensitivity, technique: TechniqueId): string | undefined {
  const definition = TECHNIQUES.find(({ id }) => id === technique);
  const rows = layers.map((layer) => ({
    layer,
    points: layer.points.filter((point) => point.technique === technique),
  }));
  const amounts = [...new Set(rows.flatMap(({ points }) => points.map(({ amount }) => amount)))];
  if (definition === undefined || amounts.length === 0) return undefined;
  const text = (amount: number): string =>
    definition.option === "sparsity" ? formatShare(amount) : `${amount} bit${amount === 1 ? "" : "s"}`;
  const head = [definition.title, "Weights", ...amounts.map(text), "Furthest"];
  const body = rows.map(({ layer, points }) => {
    const safe = furthestSafe(layer, technique);
    return [
      printable(layer.layer),
      formatCell("elements", layer.elements),
      ...amounts.map((amount) =>
        cell(
          points.find((point) => point.amount === amount),
          accuracy !== null,
        ),
      ),
      safe ? text(safe.amount) : "none",
    ];
  });
  return plainTable([head, ...body], aligned(head.length));
}

function cell(point: SensitivityPoint | undefined, hasLabels: boolean): string {
  if (point === undefined) return "";
  const snr = formatDecibels(point.error);
  return hasLabels && point.accuracy !== null ? `${snr} (${formatShare(point.accuracy)})` : snr;
}

function parseTechniques(text: string): readonly TechniqueId[] {
  return text.split(",").map((name) => {
    const known = TECHNIQUES.find(({ id }) => id === name.trim());
    if (known) return known.id;
    throw new InvalidArgumentError(
      `expected some of ${TECHNIQUES.map(({ id }) => id).join(", ")}, separated by commas`,
    );
  });
}
