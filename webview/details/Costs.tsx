import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatEnergy, formatShare } from "../../profiler/format-numbers.ts";
import type { HardwareProfile } from "../../profiler/hardware/hardware-profile.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import { countFormulas, energyParts, latencyFormula, type EnergyPart } from "../../profiler/views/formulas.ts";
import type { LayerDetails } from "../../profiler/views/layer-details.ts";
import { Section } from "./Section.tsx";

interface CostsProps {
  readonly layer: LayerProfile;
  readonly details: LayerDetails;
  readonly hardware: HardwareProfile;
}

/** How the layer's numbers came about, with the numbers put in. */
export function Costs({ layer, details, hardware }: CostsProps): JSX.Element | null {
  const counts = countFormulas(layer, details);
  const energy = energyParts(layer, details);
  const latency = latencyFormula(layer, details, hardware);
  if (counts.length === 0 && energy.length === 0 && !latency) return null;
  return (
    <Section title={l10n.t("Costs")}>
      {counts.map(({ id, title, terms, result }) => (
        <div key={id} class="formula" data-formula={id}>
          <h4>{title}</h4>
          {terms.map((term, position) => (
            <span key={position} class="term">
              {position > 0 && "+ "}
              {term}
            </span>
          ))}
          <span class="result">= {result}</span>
        </div>
      ))}
      {energy.length > 0 && <Energy parts={energy} />}
      {latency && (
        <div class="formula" data-formula="latency">
          <h4>{l10n.t("Latency estimate")}</h4>
          <p class="bound">{latency.reason}</p>
          <dl class="terms">
            {latency.terms.map(({ title, formula }) => (
              <div key={title}>
                <dt>{title}</dt>
                <dd>{formula}</dd>
              </div>
            ))}
          </dl>
          <span class="result">= {latency.result}</span>
          {latency.rule === "longest" && (
            <span class="muted"> {l10n.t("the longer of the first two, plus the overhead")}</span>
          )}
          {latency.rule === "sum" && latency.terms.length > 1 && (
            <span class="muted"> {l10n.t("all of them together")}</span>
          )}
        </div>
      )}
    </Section>
  );
}

function Energy({ parts }: { readonly parts: readonly EnergyPart[] }): JSX.Element {
  const total = parts.reduce((sum, { picojoules }) => sum + picojoules, 0);
  return (
    <div class="formula" data-formula="energy">
      <h4>{l10n.t("Energy")}</h4>
      <div class="parts" aria-hidden="true">
        {parts.map(({ id, share }) => (
          <span key={id} class={`part part-${id}`} style={{ flexGrow: share }} />
        ))}
      </div>
      <dl class="terms">
        {parts.map(({ id, title, picojoules, share, formula }) => (
          <div key={id}>
            <dt>
              <span class={`swatch part-${id}`} aria-hidden="true" />
              {title}
            </dt>
            <dd>
              <span class="amount">
                {formatEnergy(picojoules)} ({formatShare(share)})
              </span>
              <span class="muted"> {formula}</span>
            </dd>
          </div>
        ))}
      </dl>
      <span class="result">= {formatEnergy(total)}</span>
    </div>
  );
}
