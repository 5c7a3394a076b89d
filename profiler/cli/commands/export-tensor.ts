import { Option, type Command } from "commander";
import { formatBytes, formatShape } from "../../format-numbers.ts";
import { printable } from "../../exports/printable.ts";
import { constantNamed, writeNpy, type TensorContent } from "../../exports/npy/index.ts";
import { plainTable } from "../../exports/terminal.ts";
import { analyseModel } from "../../profile-model.ts";
import { scopesOf } from "../../views/stored-constant.ts";
import type { Model } from "../../model/model.ts";
import type { CliContext } from "../context.ts";
import { parseDimension } from "../quantities.ts";
import { aligned } from "../tensor-table.ts";
import { withModel } from "../with-model.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";

interface ExportTensorOptions {
  readonly as: TensorContent;
  readonly output?: string;
  readonly dim?: Readonly<Record<string, number>>;
}

/** `edgewise export-tensor MODEL [TENSOR]`: a tensor's numbers as `.npy`, or what tensors there are. */
export function addExportTensorCommand(program: Command, context: CliContext): void {
  program
    .command("export-tensor")
    .description("save a stored or constant tensor as .npy; without a name, list the tensors that the file stores")
    .argument("<model>", MODEL_ARGUMENT)
    .argument("[tensor]", "the tensor's name in the file")
    .addOption(
      new Option(
        "--as <CONTENT>",
        "of a quantized tensor: the integers of the file, or the numbers that they stand for",
      )
        .choices(["stored", "dequantized"])
        .default("stored"),
    )
    .option("--output <FILE>", "where to; when left out, a file of the tensor's name in this folder")
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .action(async (path: string, name: string | undefined, options: ExportTensorOptions) => {
      const signal = context.interruption?.();
      if (name === undefined) {
        const text = await withModel(path, (model) => Promise.resolve(tensorTable(model)), {
          onMissing: context.remark,
        });
        context.write(text);
        return;
      }
      await withModel(path, async (model) => {
        const tensor = await constantNamed(analyseModel(model, options.dim ?? {}), name, signal);
        const file = options.output ?? `${fileName(name)}.npy`;
        await writeNpy(file, tensor, options.as, `${model.file}: "${name}"`, { signal });
        context.write(`${file}\n`);
      });
    });
}

/** A name of a tensor may hold slashes, and whatever else no file is called. */
function fileName(tensor: string): string {
  const plain = tensor.replaceAll(/[^\w.-]+/g, "_").replace(/^\.+/, "");
  return plain === "" ? "tensor" : plain.slice(0, 200);
}

function tensorTable(model: Model): string {
  const graphs = new Set([model.entries[0].graph, ...[...scopesOf(model).values()].map(({ graph }) => graph)]);
  const rows = [...graphs].flatMap(({ tensors }) =>
    tensors.flatMap(({ name, constant, quantization }) =>
      constant
        ? [
            [
              printable(name),
              constant.dataType,
              formatShape(constant.shape),
              formatBytes(constant.storedBytes),
              quantization ? `per ${quantization.granularity}` : "",
            ],
          ]
        : [],
    ),
  );
  const head = ["Tensor", "Type", "Shape", "Bytes", "Quantized"];
  return `${plainTable([head, ...rows], aligned(head.length))}\n`;
}
