import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { PROFILED_LEVELS, type ProfiledLevel } from "../../profiler/device/profiled-level.ts";
import type { RunOptions } from "../../profiler/device/target.ts";
import { Select } from "../controls/Select.tsx";
import type { RunningClient } from "../state/running-client.ts";

interface LayersAtChoiceProps {
  readonly client: RunningClient;
  readonly options: RunOptions;
}

/** ONNX Runtime's optimizations under which layers are profiled: those that the latency has, unless others are chosen. */
export function LayersAtChoice({ client, options }: LayersAtChoiceProps): JSX.Element {
  const { layersAt, ...others } = options;
  const texts: Readonly<Record<ProfiledLevel, string>> = {
    all: l10n.t("Layers as they run"),
    extended: l10n.t("Layers at extended"),
    basic: l10n.t("Layers at basic"),
  };
  return (
    <Select
      label={l10n.t("Optimizations under which layers are profiled")}
      value={layersAt ?? "all"}
      choices={PROFILED_LEVELS.map((value) => ({ value, text: texts[value] }))}
      onChange={(value) => {
        const chosen = PROFILED_LEVELS.find((each) => each === value && each !== "all");
        void client.setOptions(chosen === undefined ? others : { ...others, layersAt: chosen });
      }}
    />
  );
}
