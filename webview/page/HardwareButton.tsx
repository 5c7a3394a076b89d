import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { formatBytes, formatCount, formatTime } from "../../profiler/format-numbers.ts";
import { COMPUTE_TYPES, type HardwareProfile } from "../../profiler/hardware/hardware-profile.ts";
import { Button, Icon } from "../controls/controls.tsx";
import { Popover } from "../controls/Popover.tsx";
import type { PageCommand } from "../protocol/page.ts";

interface HardwareButtonProps {
  readonly hardware: HardwareProfile;
  readonly onCommand: (command: PageCommand) => void;
}

/** The hardware that energy and latency are estimated for; on demand with its numbers and where each comes from. */
export function HardwareButton({ hardware, onCommand }: HardwareButtonProps): JSX.Element {
  const [anchor, setAnchor] = useState<DOMRect | null>(null);
  const run = (command: PageCommand): void => {
    setAnchor(null);
    onCommand(command);
  };
  return (
    <>
      <button
        type="button"
        class="hardware"
        aria-haspopup="dialog"
        aria-expanded={anchor !== null}
        data-tip={l10n.t(
          "What energy and latency are estimated for. Choose to see its numbers, or to take another one.",
        )}
        onClick={({ currentTarget }) => setAnchor(currentTarget.getBoundingClientRect())}
      >
        <Icon name="device-mobile" />
        {hardware.name}
      </button>
      {anchor && (
        <Popover id="hardware" label={hardware.name} role="dialog" anchor={anchor} onClose={() => setAnchor(null)}>
          <div class="hardware-numbers">
            <h2>{hardware.name}</h2>
            <p>{hardware.description}</p>
            <dl>
              {numbersOf(hardware).map(({ title, value, source }) => (
                <div key={title}>
                  <dt>{title}</dt>
                  <dd>{value}</dd>
                  <dd class="source">{source}</dd>
                </div>
              ))}
            </dl>
            <div class="buttons">
              <Button onClick={() => run("choose-hardware")}>{l10n.t("Choose Another…")}</Button>
              <Button appearance="secondary" onClick={() => run("add-hardware")}>
                {l10n.t("Add Your Own…")}
              </Button>
            </div>
          </div>
        </Popover>
      )}
    </>
  );
}

interface HardwareNumber {
  readonly title: string;
  readonly value: string;
  readonly source: string;
}

function numbersOf(hardware: HardwareProfile): readonly HardwareNumber[] {
  const { peakMacsPerSecond, bandwidthBytesPerSecond, onChipBytes, secondsPerOperator, sources } = hardware;
  const peaks = COMPUTE_TYPES.map((type) => `${formatCount(peakMacsPerSecond[type])} MACs/s ${type}`);
  return [
    { title: l10n.t("Peak arithmetic"), value: peaks.join(" · "), source: sources.peakMacsPerSecond },
    {
      title: l10n.t("Memory bandwidth"),
      value: `${formatBytes(bandwidthBytesPerSecond)}/s`,
      source: sources.bandwidthBytesPerSecond,
    },
    { title: l10n.t("Memory on the chip"), value: formatBytes(onChipBytes), source: sources.onChipBytes },
    { title: l10n.t("Each operator"), value: formatTime(secondsPerOperator), source: sources.secondsPerOperator },
    {
      title: l10n.t("Energy"),
      value: l10n.t("of 45 nm, whatever the hardware"),
      source: l10n.t("Horowitz, “Computing’s energy problem”, ISSCC 2014; the details of a layer show each step."),
    },
  ];
}
