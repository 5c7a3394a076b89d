import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatShape } from "../../profiler/format-numbers.ts";
import type { TensorProfile } from "../../profiler/profile.ts";
import { IconButton } from "../controls/controls.tsx";
import { comparedTensors, type ComparedLayer, type ComparedTensor } from "./compared-layers.ts";

interface ComparedTensorsProps {
  readonly row: ComparedLayer;
  readonly onClose: () => void;
}

/** What the layers of a row read and make, side by side. */
export function ComparedTensors({ row, onClose }: ComparedTensorsProps): JSX.Element {
  return (
    <section class="compare-tensors" aria-label={l10n.t("Tensors of the selected row")}>
      <IconButton icon="close" label={l10n.t("Close Tensors")} onClick={onClose} />
      <table>
        <thead>
          <tr>
            <th scope="col">{l10n.t("Tensor")}</th>
            <th scope="col">
              {row.before ? `${row.before.op} ${row.before.name}` : l10n.t("There is no such layer.")}
            </th>
            <th scope="col">{row.after ? `${row.after.op} ${row.after.name}` : l10n.t("There is no such layer.")}</th>
          </tr>
        </thead>
        <tbody>
          {comparedTensors(row).map((tensor) => (
            <tr key={`${tensor.role} ${tensor.position}`} class={tensor.isSame ? "" : "differs"}>
              <th scope="row">{roleText(tensor)}</th>
              <td>{tensorText(tensor.before)}</td>
              <td>{tensorText(tensor.after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function roleText({ role, position, isSame }: ComparedTensor): string {
  const number = (position + 1).toLocaleString();
  const text = role === "input" ? l10n.t("Input {0}", number) : l10n.t("Output {0}", number);
  return isSame ? text : l10n.t("{0}, differs", text);
}

function tensorText(tensor: TensorProfile | undefined): string {
  if (tensor === undefined) return "–";
  const { name, dtype, shape, isConstant } = tensor;
  const type = `${dtype ?? l10n.t("unknown type")} ${formatShape(shape)}`;
  return `${type}${isConstant ? ` ${l10n.t("(constant)")}` : ""} · ${name}`;
}
