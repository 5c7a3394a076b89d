import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatBytes, formatCount, formatExact, formatShape } from "../../profiler/format-numbers.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import type { QuantizationDetails, TensorDetails } from "../../profiler/views/layer-details.ts";
import type { ModelClient } from "../state/model-client.ts";
import { Section } from "./Section.tsx";
import { WeightsView } from "./WeightsView.tsx";

interface TensorListProps {
  readonly title: string;
  readonly tensors: readonly TensorDetails[];
  readonly layer: LayerProfile;
  readonly client: ModelClient;
}

/** Fewer elements are shown as they are. */
const WORTH_STATISTICS = 17;

export function TensorList({ title, tensors, layer, client }: TensorListProps): JSX.Element | null {
  if (tensors.length === 0) return null;
  return (
    <Section title={title}>
      <ul class="tensors">
        {tensors.map((tensor) => (
          <li key={tensor.position} class="tensor">
            <TensorLine tensor={tensor} />
            {tensor.quantization && <Quantization quantization={tensor.quantization} />}
            {tensor.constant?.isReadable === true && (tensor.constant.elements ?? 0) >= WORTH_STATISTICS && (
              <WeightsView client={client} layer={layer} tensor={tensor} />
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function TensorLine({ tensor }: { readonly tensor: TensorDetails }): JSX.Element {
  const { name, dtype, shape, constant, use, isVariable } = tensor;
  const remarks = [
    ...(constant ? [constantText(constant), ...encodingText(constant)] : []),
    ...(use === "configuration" ? [l10n.t("says how to compute")] : []),
    ...(isVariable ? [l10n.t("kept from one run to the next")] : []),
  ];
  return (
    <>
      <div class="tensor-line">
        <span class="tensor-name" data-tip={name} data-tip-when="cut">
          {name}
        </span>
        <span class="tensor-type">
          {dtype ?? l10n.t("unknown type")} {formatShape(shape)}
        </span>
      </div>
      {remarks.length > 0 && <div class="muted">{remarks.join(" · ")}</div>}
      {typeof constant?.values === "string" && <div class="values">{constant.values}</div>}
    </>
  );
}

function constantText({ storedType, elements, storedBytes }: NonNullable<TensorDetails["constant"]>): string {
  const count = elements === null ? l10n.t("unknown size") : l10n.t("{0} elements", formatCount(elements));
  const bytes = storedBytes === null ? "" : `, ${formatBytes(storedBytes)}`;
  return l10n.t("constant: {0}{1}, stored as {2}", count, bytes, storedType);
}

/** Only what the stored type does not say already. */
function encodingText({ encoding }: NonNullable<TensorDetails["constant"]>): readonly string[] {
  if (encoding.kind === "palette") return [l10n.t("palette of {0} numbers", encoding.entries)];
  if (encoding.kind !== "sparse") return [];
  const { values } = encoding;
  const sparse = l10n.t("sparse: elements with their places");
  return values.kind === "palette" ? [sparse, l10n.t("palette of {0} numbers", values.entries)] : [sparse];
}

function Quantization({ quantization }: { readonly quantization: QuantizationDetails }): JSX.Element {
  const { granularity, axis, blockSize, count, scales, zeroPoints, smallestScale, largestScale } = quantization;
  const [scale = 0] = scales;
  const zeroPoint = [...new Set(zeroPoints)];
  const scaleText = count === 1 ? number(scale) : `${number(smallestScale)} … ${number(largestScale)}`;
  const per: Readonly<Record<QuantizationDetails["granularity"], string>> = {
    tensor: l10n.t("one for the tensor"),
    channel: l10n.t("{0} along axis {1}", count, axis ?? 0),
    block: l10n.t("{0}, one per block of {1} along axis {2}", count, blockSize ?? 0, axis ?? 0),
  };
  return (
    <div class="quantization">
      {l10n.t("Quantized: scale {0} ({1}), zero point {2}", scaleText, per[granularity], zeroPointText(zeroPoint))}
    </div>
  );
}

function zeroPointText(values: readonly number[]): string {
  const [only = 0] = values;
  return values.length <= 1 ? formatExact(only) : l10n.t("{0} different ones", values.length);
}

function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
