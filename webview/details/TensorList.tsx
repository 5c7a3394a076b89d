import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatBytes, formatCount, formatExact, formatShape } from "../../profiler/format-numbers.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import type { QuantizationDetails, TensorDetails } from "../../profiler/views/layer-details.ts";
import { Breakable } from "../controls/Breakable.tsx";
import { IconButton } from "../controls/controls.tsx";
import type { TensorPlace } from "../protocol/page.ts";
import type { ModelClient } from "../state/model-client.ts";
import { Scales, SpreadRemark } from "./pictures.tsx";
import { Section } from "./Section.tsx";
import type { TensorLinks } from "./tensor-links.ts";
import { WeightsView } from "./WeightsView.tsx";

interface TensorListProps {
  readonly title: string;
  readonly side: TensorPlace["side"];
  readonly tensors: readonly TensorDetails[];
  readonly layer: LayerProfile;
  readonly client: ModelClient;
  /** What else makes and reads a tensor. */
  readonly links: TensorLinks;
  readonly onSelectLayer: (index: number) => void;
}

/** Fewer elements are shown as they are. */
const WORTH_STATISTICS = 17;

export function TensorList({
  title,
  side,
  tensors,
  layer,
  client,
  links,
  onSelectLayer,
}: TensorListProps): JSX.Element | null {
  if (tensors.length === 0) return null;
  return (
    <Section title={title}>
      <ul class="tensors">
        {tensors.map((tensor) => (
          <li key={tensor.position} class="tensor">
            <TensorLine
              tensor={tensor}
              onSave={() => void client.saveTensor({ layer: layer.index, side, position: tensor.position })}
            />
            <Neighbours tensor={tensor} layer={layer} links={links} onSelectLayer={onSelectLayer} />
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

type NeighboursProps = Pick<TensorListProps, "layer" | "links" | "onSelectLayer"> & { readonly tensor: TensorDetails };

/** Readers of a tensor that are named one by one. */
const NAMED_READERS = 6;

/** Where the tensor comes from and where it goes, each a way there. */
function Neighbours({ tensor, layer, links, onSelectLayer }: NeighboursProps): JSX.Element | null {
  const producer = links.producer(tensor.name, layer);
  const readers = links.readers(tensor.name, layer);
  if (!producer && readers.length === 0) return null;
  const link = (other: LayerProfile): JSX.Element => (
    <button
      type="button"
      class="link"
      key={other.index}
      data-tip={other.name}
      onClick={() => onSelectLayer(other.index)}
    >
      {`#${other.index} ${other.op}`}
    </button>
  );
  return (
    <div class="neighbours">
      {producer && (
        <>
          {l10n.t("from")} {link(producer)}
        </>
      )}
      {readers.length > 0 && (
        <>
          {l10n.t("read by")} {readers.slice(0, NAMED_READERS).map(link)}
          {readers.length > NAMED_READERS && l10n.t("and {0} more", readers.length - NAMED_READERS)}
        </>
      )}
    </div>
  );
}

interface TensorLineProps {
  readonly tensor: TensorDetails;
  readonly onSave: () => void;
}

function TensorLine({ tensor, onSave }: TensorLineProps): JSX.Element {
  const { name, dtype, shape, constant, use, isVariable, role } = tensor;
  const remarks = [
    ...(constant ? [constantText(constant), ...encodingText(constant)] : []),
    ...(use === "configuration" ? [l10n.t("says how to compute")] : []),
    ...(isVariable ? [l10n.t("kept from one run to the next")] : []),
  ];
  return (
    <>
      <div class="tensor-line">
        {role !== null && <span class="tensor-role">{l10n.t(role)}</span>}
        <span class="tensor-name">
          <Breakable text={name} />
        </span>
        <span class="tensor-type">
          {dtype ?? l10n.t("unknown type")} {formatShape(shape)}
        </span>
        {constant && constant.storedType !== "string" && (
          <IconButton icon="save" label={l10n.t("Save {0} as .npy", name)} onClick={onSave} />
        )}
      </div>
      {remarks.length > 0 && <div class="muted">{remarks.join(" · ")}</div>}
      {typeof constant?.values === "string" && <div class="values">{constant.values}</div>}
    </>
  );
}

function elementCount(elements: number): string {
  return elements === 1 ? l10n.t("1 element") : l10n.t("{0} elements", formatCount(elements));
}

function constantText({ storedType, elements, storedBytes }: NonNullable<TensorDetails["constant"]>): string {
  const count = elements === null ? l10n.t("unknown size") : elementCount(elements);
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
  const { granularity, axis, blockSize, count, scales, zeroPoints, smallestScale, largestScale, plotted } =
    quantization;
  const [scale = 0] = scales;
  const zeroPoint = [...new Set(zeroPoints)];
  if (smallestScale === null || largestScale === null)
    return (
      <div class="quantization">
        {blockSize === null
          ? l10n.t("Quantized: its scales are in a tensor of their own")
          : l10n.t(
              "Quantized in blocks of {0} along axis {1}: their scales are in a tensor of their own",
              blockSize,
              axis ?? 0,
            )}
      </div>
    );
  const scaleText = count === 1 ? number(scale) : `${number(smallestScale)} … ${number(largestScale)}`;
  const per: Readonly<Record<QuantizationDetails["granularity"], string>> = {
    tensor: l10n.t("one for the tensor"),
    channel: l10n.t("{0} along axis {1}", count, axis ?? 0),
    block: l10n.t("{0}, one per block of {1} along axis {2}", count, blockSize ?? 0, axis ?? 0),
  };
  return (
    <div class="quantization">
      {l10n.t("Quantized: scale {0} ({1}), zero point {2}", scaleText, per[granularity], zeroPointText(zeroPoint))}
      {count > 1 && <Scales scales={plotted} />}
      <SpreadRemark widest={largestScale} narrowest={smallestScale} what="scale" />
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
