import * as vscode from "vscode";
import { RANDOM_SAMPLES, type CalibrationSpec } from "../../profiler/calibration/spec.ts";
import type { Calibration, SampleNote } from "../../webview/protocol/editing.ts";
import type { RememberedCalibration } from "./remembered-calibration.ts";

export interface CalibrationHost {
  /** @throws {RpcError} "calibration" when the samples do not fit the model */
  note(spec: CalibrationSpec): Promise<SampleNote>;
  bindings(): Readonly<Record<string, number>>;
  onChanged(calibration: Calibration): void;
}

/** The samples that a model's edits are computed and checked with: those chosen by the user, else seeded random ones. */
export class DocumentCalibration {
  readonly #uri: vscode.Uri;
  readonly #remembered: RememberedCalibration;
  readonly #host: CalibrationHost;
  #note: SampleNote | undefined;

  constructor(uri: vscode.Uri, remembered: RememberedCalibration, host: CalibrationHost) {
    this.#uri = uri;
    this.#remembered = remembered;
    this.#host = host;
  }

  /** What the user chose; undefined for random samples, which no weights are fitted to. */
  get chosen(): CalibrationSpec | undefined {
    return this.#remembered.of(this.#uri.toString());
  }

  /** What models are run on, with the dynamic dimensions in force. */
  get spec(): CalibrationSpec {
    const chosen = this.chosen ?? {};
    return { ...chosen, dimensions: { ...this.#host.bindings(), ...chosen.dimensions } };
  }

  get state(): Calibration {
    const { chosen } = this;
    if (chosen === undefined) return { spec: {}, description: describeRandom({}), isRandom: true, hasLabels: false };
    const description = this.#note ? describe(this.#note) : pathsOf(chosen).join(", ");
    const hasLabels = this.#note?.hasLabels ?? chosen.labels !== undefined;
    return { spec: chosen, description, isRandom: false, hasLabels };
  }

  /**
   * Chooses samples, once they fit.
   * @throws {RpcError} "calibration" when they do not
   */
  async choose(spec: CalibrationSpec | undefined): Promise<void> {
    this.#note = spec && (await this.#host.note(spec));
    await this.#remembered.remember(this.#uri.toString(), spec);
    this.#host.onChanged(this.state);
  }
}

function describe({ count, description }: SampleNote): string {
  return count === 1
    ? vscode.l10n.t("{0}, 1 sample", description)
    : vscode.l10n.t("{0}, {1} samples", description, count);
}

function describeRandom({ seed = 0, count = RANDOM_SAMPLES }: CalibrationSpec): string {
  return count === 1
    ? vscode.l10n.t("1 seeded random sample (seed {0})", seed)
    : vscode.l10n.t("{0} seeded random samples (seed {1})", count, seed);
}

function pathsOf({ inputs = {} }: CalibrationSpec): readonly string[] {
  return Object.values(inputs).map(({ path }) => path);
}
