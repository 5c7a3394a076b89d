import { FORMAT_TYPES, type PhoneRuntime } from "../../profiler/formats/format-types.ts";
import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { RunModel } from "../../profiler/device/run-result.ts";
import {
  BIG_CORES,
  TFLITE_DELEGATES,
  TFLITE_RUNTIMES,
  type RunOptions,
  type TfliteDelegate,
} from "../../profiler/device/target.ts";
import { formatBytes, formatShare } from "../../profiler/format-numbers.ts";
import { Button, Checkbox, Icon, IconButton, TextField } from "../controls/controls.tsx";
import { Select } from "../controls/Select.tsx";
import { FailureNote, TaskProgress } from "../editing/notes.tsx";
import { useTask } from "../editing/use-task.ts";
import type { ListedDevice, RunningState, RunsState } from "../protocol/running.ts";
import type { RunningClient } from "../state/running-client.ts";
import { LayersAtChoice } from "./LayersAtChoice.tsx";
import { coresText, parseCores } from "./cores-text.ts";
import { progressPart, progressText, threadsText } from "./run-text.ts";

interface RunStarterProps {
  readonly format: RunModel["format"];
  readonly client: RunningClient;
  readonly state: RunsState;
}

/** Where and how to run, and the run under way. */
export function RunStarter({ client, state, format }: RunStarterProps): JSX.Element {
  const { devices, options, running, failure } = state;
  const action = useTask<unknown>();
  const chosen = devices.devices.find(({ id }) => id === devices.chosen);
  const isReady = chosen?.problem === null;
  const isPhone = chosen !== undefined && chosen.id !== "host";
  const runsBenchmarkModel = isPhone && runsBy(format, "benchmark_model") && devices.hasBenchmarkModel;
  return (
    <section class="run-starter" aria-label={l10n.t("Run on a device")}>
      <div class="run-line">
        <Icon name="device-mobile" />
        <Select
          label={l10n.t("Device")}
          value={devices.chosen}
          choices={devices.devices.map((device) => ({ value: device.id, text: choiceText(device) }))}
          onChange={(device) => void client.chooseDevice(device)}
        />
        <RunNumber
          title={l10n.t("Threads")}
          id="threads"
          options={options}
          onChange={(now) => client.setOptions(now)}
        />
        <RunNumber
          title={l10n.t("Warm-up")}
          id="warmUpRuns"
          options={options}
          onChange={(now) => client.setOptions(now)}
        />
        <RunNumber title={l10n.t("Runs")} id="runs" options={options} onChange={(now) => client.setOptions(now)} />
        {isPhone && <PhoneOptions client={client} options={options} />}
        {runtimesOf(format, isPhone).length > 1 && (
          <RuntimeChoice
            client={client}
            options={options}
            runtimes={runtimesOf(format, isPhone)}
            runsBenchmarkModel={runsBenchmarkModel}
          />
        )}
        {runsBy(format, "onnxruntime") && options.runtime !== "webgpu" && (
          <LayersAtChoice client={client} options={options} />
        )}
        {runsBenchmarkModel && options.runtime === undefined && <DelegateChoice client={client} options={options} />}
        {runsBenchmarkModel && (options.delegate === "qnn" || options.delegate === "npu") && (
          <DelegateLibrary client={client} options={options} />
        )}
        <Button
          icon="play"
          isDisabled={!isReady || running !== null}
          onClick={() => action.start(() => client.start())}
        >
          {l10n.t("Run")}
        </Button>
        <IconButton
          icon="list-ordered"
          label={l10n.t("Measure with 1, 2, 4 … threads, one run after the other, and show the fastest")}
          isDisabled={!isReady || running !== null}
          onClick={() => action.start(() => client.sweepThreads())}
        />
        {isPhone && (
          <IconButton
            icon="clear-all"
            label={l10n.t("Clean up phone: remove the runner and what runs left there")}
            isDisabled={!isReady || running !== null}
            onClick={() => action.start(() => client.cleanUp())}
          />
        )}
      </div>
      {chosen?.facts && <p class="remark">{factsText(chosen)}</p>}
      {devices.problem && <FailureNote failure={devices.problem} />}
      {chosen?.problem && <FailureNote failure={chosen.problem} />}
      {running && (
        <TaskProgress
          done={progressPart(running.progress) ?? 0}
          what={`${runningText(running)}: ${progressText(running.progress)}`}
          onCancel={() => void client.cancel()}
        />
      )}
      {(action.failure ?? failure) && <FailureNote failure={action.failure ?? failure ?? UNKNOWN} />}
    </section>
  );
}

interface PhoneOptionsProps {
  readonly client: RunningClient;
  readonly options: RunOptions;
}

/** What only a phone can be asked for. */
function PhoneOptions({ client, options }: PhoneOptionsProps): JSX.Element {
  const { cores, ...others } = options;
  return (
    <>
      <RunField
        title={l10n.t("Cores")}
        tip={l10n.t("Cores to bind the run to, like 4-7; “big”: the faster ones; empty: the system chooses.")}
        placeholder={l10n.t("any")}
        kept={cores === undefined ? "" : cores === BIG_CORES ? cores : coresText(cores)}
        isFine={(text) => text === "" || text === BIG_CORES || parseCores(text) !== null}
        onChange={(text) => {
          const chosen = text === BIG_CORES ? text : parseCores(text);
          void client.setOptions(chosen === null ? others : { ...others, cores: chosen });
        }}
      />
      <span
        data-tip={l10n.t(
          "Holds the phone’s clock rates at a level that it can sustain while it measures, where the phone can (Android 11 and newer).",
        )}
      >
        <Checkbox
          label={l10n.t("Fixed clocks")}
          isChecked={options.fixedPerformance !== false}
          onChange={(fixedPerformance) => void client.setOptions({ ...options, fixedPerformance })}
        />
      </span>
      <span data-tip={l10n.t("From the power rails, where the phone has them: takes half a minute more.")}>
        <Checkbox
          label={l10n.t("Energy")}
          isChecked={options.measuresEnergy === true}
          onChange={(measuresEnergy) => void client.setOptions({ ...options, measuresEnergy })}
        />
      </span>
    </>
  );
}

interface RuntimeChoiceProps extends PhoneOptionsProps {
  readonly runtimes: readonly PhoneRuntime[];
  /** Whether the user has named a `benchmark_model`, which runs the model unless another is chosen. */
  readonly runsBenchmarkModel: boolean;
}

/** What runs a model, of those that could. */
function RuntimeChoice({ client, options, runtimes, runsBenchmarkModel }: RuntimeChoiceProps): JSX.Element {
  const { runtime, delegate: _delegate, ...others } = options;
  const [first, ...rest] = runtimes.map((value) => ({ value: value as string, text: runtimeText(value, runtimes) }));
  const native = first ?? { value: "", text: "" };
  const choices = [
    ...(runsBenchmarkModel ? [{ value: "", text: "benchmark_model" }, native] : [{ ...native, value: "" }]),
    ...rest,
  ];
  return (
    <Select
      label={l10n.t("Runtime")}
      value={choices.some(({ value }) => value === runtime) ? (runtime ?? "") : ""}
      choices={choices}
      onChange={(value) => {
        const chosen = TFLITE_RUNTIMES.find((each) => each === value);
        void client.setOptions(chosen === undefined ? others : { ...others, runtime: chosen });
      }}
    />
  );
}

/** What benchmark_model hands layers to. */
function DelegateChoice({ client, options }: PhoneOptionsProps): JSX.Element {
  const { delegate, ...others } = options;
  return (
    <Select
      label={l10n.t("Delegate")}
      value={delegate ?? ""}
      choices={[
        { value: "", text: l10n.t("CPU") },
        ...TFLITE_DELEGATES.map((each) => ({ value: each, text: delegateText(each) })),
      ]}
      onChange={(value) => {
        const chosen = TFLITE_DELEGATES.find((each) => each === value);
        void client.setOptions(chosen === undefined ? others : { ...others, delegate: chosen });
      }}
    />
  );
}

function delegateText(delegate: TfliteDelegate): string {
  return delegate === "nnapi" ? l10n.t("NNAPI (deprecated since Android 15)") : delegate.toUpperCase();
}

/** What only a vendor's delegates need. */
function DelegateLibrary({ client, options }: PhoneOptionsProps): JSX.Element {
  const { delegateLibrary, ...others } = options;
  return (
    <RunField
      title={l10n.t("Library")}
      tip={l10n.t("On the phone: the QNN delegate’s .so, or the folder of an NPU’s libraries.")}
      placeholder={l10n.t("/data/local/tmp/…")}
      kept={delegateLibrary ?? ""}
      isFine={(text) => text === "" || text.startsWith("/")}
      onChange={(text) => void client.setOptions(text === "" ? others : { ...others, delegateLibrary: text })}
    />
  );
}

const UNKNOWN = { code: "internal", message: "" };

interface RunNumberProps {
  readonly title: string;
  readonly id: "threads" | "warmUpRuns" | "runs";
  readonly options: RunOptions;
  readonly onChange: (options: RunOptions) => Promise<void>;
}

/** Fewer runs than one say nothing, and a model is not warmed up for ever. */
const LIMITS: Readonly<Record<RunNumberProps["id"], readonly [least: number, most: number]>> = {
  threads: [1, 64],
  warmUpRuns: [0, 1000],
  runs: [1, 10_000],
};

function RunNumber({ title, id, options, onChange }: RunNumberProps): JSX.Element {
  const { [id]: value, ...others } = options;
  const [least, most] = LIMITS[id];
  return (
    <RunField
      title={title}
      placeholder={l10n.t("auto")}
      kept={value === undefined ? "" : String(value)}
      isFine={(text) =>
        text === "" || (Number.isInteger(Number(text)) && Number(text) >= least && Number(text) <= most)
      }
      onChange={(text) => void onChange(text === "" ? others : { ...others, [id]: Number(text) })}
    />
  );
}

interface RunFieldProps {
  readonly title: string;
  readonly tip?: string;
  readonly placeholder: string;
  /** The value in force. */
  readonly kept: string;
  readonly isFine: (text: string) => boolean;
  readonly onChange: (text: string) => void;
}

function RunField({ title, tip, placeholder, kept, isFine, onChange }: RunFieldProps): JSX.Element {
  const [text, setText] = useState(kept);
  useEffect(() => setText(kept), [kept]);
  const isValid = isFine(text.trim());
  return (
    <span class="run-field" data-tip={tip}>
      <span aria-hidden="true">{title}</span>
      <TextField
        label={title}
        value={text}
        placeholder={placeholder}
        isInvalid={!isValid}
        onInput={setText}
        onCommit={() => {
          if (isValid && text.trim() !== kept) onChange(text.trim());
        }}
      />
    </span>
  );
}

function runningText({ deviceName, threads }: RunningState): string {
  return threads === undefined ? deviceName : `${deviceName}, ${threadsText({ threads })}`;
}

function choiceText({ name, problem }: ListedDevice): string {
  return problem ? l10n.t("{0} (not ready)", name) : name;
}

function factsText({ facts }: ListedDevice): string {
  if (!facts) return "";
  const { soc, system, cores, memoryBytes, freeBytes, battery, celsius, abis } = facts;
  const parts = [
    soc ?? "",
    system,
    abis.join(", "),
    cores !== null && l10n.t("{0} cores", cores),
    memoryBytes !== null && l10n.t("{0} of memory", formatBytes(memoryBytes)),
    freeBytes !== null && l10n.t("{0} free", formatBytes(freeBytes)),
    battery?.level !== null && battery?.level !== undefined && l10n.t("battery {0}", formatShare(battery.level)),
    celsius !== null && `${celsius.toFixed(0)} °C`,
  ];
  return parts.filter((part) => part !== false && part !== "").join(" · ");
}

/** What can be chosen, the first where nothing is; a `benchmark_model` is named in the settings, and a GPU is a phone's. */
function runsBy(format: RunModel["format"], runtime: PhoneRuntime): boolean {
  return FORMAT_TYPES[format].phoneRuntimes.some((each) => each === runtime);
}

function runtimesOf(format: RunModel["format"], isPhone: boolean): readonly PhoneRuntime[] {
  const runtimes: readonly PhoneRuntime[] = FORMAT_TYPES[format].phoneRuntimes;
  return runtimes.filter((each) => each !== "benchmark_model" && (isPhone || each !== "webgpu"));
}

function runtimeText(runtime: PhoneRuntime, among: readonly PhoneRuntime[]): string {
  const texts: Readonly<Record<PhoneRuntime, string>> = {
    onnxruntime: "ONNX Runtime",
    tflite: "TFLite",
    litert: among.includes("webgpu") ? l10n.t("LiteRT.js in Chrome") : "LiteRT.js",
    webgpu: l10n.t("GPU, in Chrome"),
    benchmark_model: "benchmark_model",
  };
  return texts[runtime];
}
