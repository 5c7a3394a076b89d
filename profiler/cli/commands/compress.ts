import type { Command } from "commander";
import { OptionError } from "../../errors.ts";
import type { FitBudget } from "../../editing/fit/fit-point.ts";
import type { CliContext } from "../context.ts";
import { parseBytes, parseNumber, parseShare } from "../quantities.ts";
import { addSearchOptions, search, type SearchCommandOptions } from "../search.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";

interface CompressCommandOptions extends SearchCommandOptions {
  readonly maxFileSize?: number;
  readonly maxDownload?: number;
  readonly minAccuracy?: number;
  readonly minSnr?: number;
}

/** `edgewise compress MODEL --max-file-size 26KB --out FILE`: fewer bits, shared values or pruned weights, whichever err least. */
export function addCompressCommand(program: Command, context: CliContext): void {
  const command = program
    .command("compress")
    .description(
      "compress the weights of a whole model to a size: fewer bits, shared values or pruning, whichever err least",
    )
    .argument("<model>", MODEL_ARGUMENT)
    .option("--max-file-size <bytes>", "largest file allowed", parseBytes)
    .option("--max-download <bytes>", "largest file allowed once it is compressed as in an APK", parseBytes)
    .option(
      "--min-accuracy <share>",
      "lowest share of right answers; without a size: the smallest model with it",
      parseShare,
    )
    .option(
      "--min-snr <decibels>",
      "lowest signal-to-noise ratio of the outputs; without a size: the smallest model with it",
      parseNumber,
    );
  addSearchOptions(command).action(async (path: string, options: CompressCommandOptions) => {
    await search(path, options, context, budgetOf(options), (session, searching) => session.compress(searching));
  });
}

/** @throws {OptionError} when nothing is asked for */
function budgetOf({ maxFileSize, maxDownload, minAccuracy, minSnr }: CompressCommandOptions): FitBudget {
  const budget = {
    ...(maxFileSize !== undefined && { fileBytes: maxFileSize }),
    ...(maxDownload !== undefined && { downloadBytes: maxDownload }),
    ...(minAccuracy !== undefined && { lowestAccuracy: minAccuracy }),
    ...(minSnr !== undefined && { lowestSnr: minSnr }),
  };
  if (Object.keys(budget).length > 0) return budget;
  throw new OptionError(
    "nothing to compress to: give at least one of --max-file-size, --max-download, --min-accuracy, --min-snr",
  );
}
