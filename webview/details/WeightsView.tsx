import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatCount, formatExact, formatShare } from "../../profiler/format-numbers.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import type { TensorDetails } from "../../profiler/views/layer-details.ts";
import type { WeightStatistics } from "../../profiler/views/weight-statistics.ts";
import { Button } from "../controls/controls.tsx";
import { RpcError } from "../protocol/rpc.ts";
import type { ModelClient } from "../state/model-client.ts";
import { ChannelRanges, Histogram } from "./pictures.tsx";

interface WeightsViewProps {
  readonly client: ModelClient;
  readonly layer: LayerProfile;
  readonly tensor: TensorDetails;
}

/** Read without asking up to here: a moment even on a slow disk. */
const READ_AT_ONCE_BYTES = 4_000_000;

/** Weights say most of a layer; constants that only say how to compute are not read unless asked. */
function isReadAtOnce({ use, constant }: TensorDetails): boolean {
  return use === "data" && (constant?.storedBytes ?? Infinity) <= READ_AT_ONCE_BYTES;
}

type Reading = "not asked" | "reading" | { readonly error: string } | { readonly statistics: WeightStatistics | null };

/** How a constant's elements are spread, read by the host when it is wanted. */
export function WeightsView({ client, layer, tensor }: WeightsViewProps): JSX.Element {
  const [reading, setReading] = useState<Reading>("not asked");

  // What a newer profile says of the tensor is another object: its numbers are others too, and an old answer is none of it.
  const shown = useRef(tensor);
  shown.current = tensor;

  const read = async (): Promise<void> => {
    const show = (next: Reading): void => {
      if (shown.current === tensor) setReading(next);
    };
    setReading((last) => (typeof last === "object" && "statistics" in last ? last : "reading"));
    try {
      show({ statistics: await client.weightStatistics(layer.index, tensor.position) });
    } catch (error) {
      const isStale = error instanceof RpcError && error.failure.code === "stale";
      show(isStale ? "not asked" : { error: error instanceof Error ? error.message : String(error) });
    }
  };
  useEffect(() => {
    if (isReadAtOnce(tensor)) void read();
    else setReading("not asked");
  }, [tensor]);

  if (reading === "not asked") {
    return (
      <Button appearance="secondary" icon="graph" onClick={() => void read()}>
        {l10n.t("Read weights")}
      </Button>
    );
  }
  if (reading === "reading") return <p class="muted">{l10n.t("Reading weights…")}</p>;
  if ("error" in reading) return <p class="details-error">{reading.error}</p>;
  if (reading.statistics === null) return <p class="muted">{l10n.t("The file does not say more of these numbers.")}</p>;
  return <Statistics statistics={reading.statistics} tensor={tensor} />;
}

interface StatisticsProps {
  readonly statistics: WeightStatistics;
  readonly tensor: TensorDetails;
}

function Statistics({ statistics, tensor }: StatisticsProps): JSX.Element {
  const { name, elements, sampled, minimum, maximum, mean, standardDeviation, levels, notFinite } = statistics;
  const facts: readonly (readonly [title: string, value: string, tip?: string])[] = [
    [l10n.t("Range"), `${short(minimum)} … ${short(maximum)}`],
    [l10n.t("Mean"), short(mean)],
    [l10n.t("Deviation"), short(standardDeviation)],
    [
      l10n.t("Zeros"),
      formatShare(statistics.zeros),
      l10n.t("Part of the elements that are exactly 0 (quantized: the zero point)."),
    ],
    [
      l10n.t("Near zero"),
      formatShare(statistics.nearZeros),
      l10n.t("Part of the elements below 1 % of the largest magnitude, exact zeros among them."),
    ],
    ...(levels ? [levelsType(levels)] : []),
    ...(notFinite > 0 ? [[l10n.t("Not finite"), formatExact(notFinite)] as const] : []),
  ];
  return (
    <div class="statistics" data-testid="statistics">
      <dl class="facts">
        {facts.map(([title, value, tip]) => (
          <div key={title} data-tip={tip}>
            <dt>{title}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Histogram statistics={statistics} />
      {statistics.channels && <ChannelRanges channels={statistics.channels} />}
      {sampled < elements && (
        <p class="muted">
          {l10n.t("From a sample of {0} of {1} elements.", formatCount(sampled), formatCount(elements))}
        </p>
      )}
      {name !== tensor.name && <p class="muted">{l10n.t("As the file stores them, in {0}.", name)}</p>}
    </div>
  );
}

function levelsType({ used, possible }: NonNullable<WeightStatistics["levels"]>): readonly [string, string, string] {
  return [
    l10n.t("Levels"),
    l10n.t("{0} of {1}", used, possible),
    l10n.t("Distinct values that occur, of those that the type has."),
  ];
}

/** "0.0123", "-1.5e-8" */
function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
