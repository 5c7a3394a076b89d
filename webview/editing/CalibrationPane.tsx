import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { formatExact, formatShape } from "../../profiler/format-numbers.ts";
import { Button, Icon } from "../controls/controls.tsx";
import type { Calibration, PreviewInput, PreviewSample } from "../protocol/editing.ts";
import type { Picture } from "../protocol/picture.ts";
import type { EditingClient } from "../state/editing-client.ts";
import { FailureNote } from "./notes.tsx";
import { useAsked } from "./use-asked.ts";

/** Samples in the preview: a look at the order and the preprocessing, not at the data. */
const PREVIEWED = 12;

interface CalibrationPaneProps {
  readonly client: EditingClient;
  readonly calibration: Calibration;
  readonly onChoose: () => void;
}

/** Which samples edits are computed and measured with, and what the model sees of them. */
export function CalibrationPane({ client, calibration, onChoose }: CalibrationPaneProps): JSX.Element {
  const { spec, description, isRandom, hasLabels } = calibration;
  const preview = useAsked(JSON.stringify(spec), (signal) => client.calibrationPreview(PREVIEWED, signal));
  return (
    <section class="calibration" aria-label={l10n.t("Calibration data")}>
      <p>
        <strong>{description}</strong>
        {hasLabels && <span class="remark"> {l10n.t("with labels: accuracy is measured")}</span>}
      </p>
      <p class="remark">
        {isRandom
          ? l10n.t(
              "Seeded random numbers of a plausible range stand in for samples. Approximations are then fitted to the weights alone, and a measured error says little: choose some dozens of real inputs.",
            )
          : l10n.t(
              "Approximations are fitted to what the layers do on these samples, and errors are measured on them. They stay on this machine.",
            )}
      </p>
      <div class="suggestion-buttons start">
        <Button icon="folder-opened" onClick={onChoose}>
          {isRandom ? l10n.t("Choose calibration data…") : l10n.t("Change…")}
        </Button>
        {!isRandom && (
          <Button appearance="secondary" onClick={() => void client.setCalibration(null)}>
            {l10n.t("Use random numbers")}
          </Button>
        )}
      </div>
      <h3>{l10n.t("What the model will see")}</h3>
      {preview.failure && <FailureNote failure={preview.failure} />}
      {preview.isWaiting && (
        <p class="remark" role="status">
          {l10n.t("Reading the calibration data…")}
        </p>
      )}
      {preview.value?.classes && (
        <p class="remark" data-testid="classes">
          {l10n.t("Classes by folder, with their pictures: {0}", preview.value.classes)}
        </p>
      )}
      {preview.value?.inputs.map((input) => (
        <InputPreview key={input.name} input={input} />
      ))}
    </section>
  );
}

function InputPreview({ input }: { readonly input: PreviewInput }): JSX.Element {
  const { name, dataType, shape, samples } = input;
  return (
    <figure class="preview" data-testid="preview">
      <figcaption>
        {name} <span class="remark">{`${dataType} ${formatShape(shape)}`}</span>
      </figcaption>
      <ul class="preview-samples">
        {samples.map((sample, position) => (
          <li key={position} data-tip={sampleTip(sample)}>
            {sample.picture ? (
              <PictureView
                picture={sample.picture}
                label={l10n.t("Sample {0}: {1}", position + 1, sampleTip(sample))}
              />
            ) : (
              <span class="preview-values">
                {sample.values.map((value) => Number(value.toPrecision(3))).join(", ")} …
              </span>
            )}
            {sample.label !== null && (
              <span class="preview-label">
                <Icon name="tag" /> {sample.label}
              </span>
            )}
          </li>
        ))}
      </ul>
    </figure>
  );
}

interface PictureViewProps {
  readonly picture: Picture;
  /** What is told of it to who does not see it. */
  readonly label: string;
}

function PictureView({ picture: { width, height, rgba }, label }: PictureViewProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const pixels = Uint8ClampedArray.from(atob(rgba), (character) => character.charCodeAt(0));
    canvas.current?.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  }, [rgba, width, height]);
  return <canvas ref={canvas} class="preview-picture" width={width} height={height} role="img" aria-label={label} />;
}

function sampleTip({ smallest, largest, mean, label }: PreviewSample): string {
  const lines = [l10n.t("From {0} to {1}, mean {2}", formatExact(smallest), formatExact(largest), formatExact(mean))];
  if (label !== null) lines.push(l10n.t("Labelled {0}", label));
  return lines.join("\n");
}
