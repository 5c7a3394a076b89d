import { copyFile } from "node:fs/promises";
import { downloadReport, exportProfile, INITIAL_BUDGETS, listModel } from "../../profiler/index.ts";
import { diagnose, diagnoseWeights, parseSettings } from "../../profiler/diagnostics/index.ts";
import {
  costModel,
  DEFAULT_RUNTIME_LIMITS,
  limitRuntimes,
  withEntry,
  writeModel,
  formatDeviceSearch,
  type DeviceSearch,
} from "../../profiler/editing/index.ts";
import type { Handlers } from "../../webview/protocol/rpc.ts";
import { modelInputs, noteSamples, previewCalibration } from "./calibration-preview.ts";
import { compareOutputs } from "./compare-outputs.ts";
import { fitEdits } from "./fitting.ts";
import { hardwareOf } from "./hardware-of.ts";
import { layerDetails, layerWeights, saveTensor } from "./inspect.ts";
import { cleanUpDevice, connectDevice, describeDevice, measure, watchDevices } from "./measuring.ts";
import { learn } from "./learning.ts";
import { LearnedStore } from "./learned-store.ts";
import { ModelStore, type Computing, type Open, type OpenModel } from "./model-store.ts";
import { packProfile, unpackProfile } from "./pack-profile.ts";
import type { FitUpdate, ModelLocation, RunLimits, SensitivityUpdate, WorkerContract, WorkerTask } from "./protocol.ts";
import type { HostRpc } from "./remote-source.ts";
import { measureSensitivity } from "./sensitivity.ts";
import { describeEdits, predict, saveModel, suggestEdits, tryEdits } from "./restructuring.ts";

export interface Answers {
  readonly handlers: Omit<Handlers<WorkerContract>, "ping" | "limit">;
  /** Takes a model that has just been read, with its open file. */
  keep(location: ModelLocation, opened: OpenModel): void;
  holds(location: ModelLocation): boolean;
}

/** How long and with how much memory models run. */
export function limit(limits: RunLimits): void {
  limitRuntimes({ ...DEFAULT_RUNTIME_LIMITS, ...limits });
}

/** Answers to all that is asked of models: everything that works with their numbers, changes them or runs them. */
export function answers(host: HostRpc, open: Open, learnedFolder: string | undefined): Answers {
  const store = new ModelStore(open, new LearnedStore(learnedFolder));

  /** Progress goes to the host as it comes. */
  function telling(task: WorkerTask, signal: AbortSignal): Required<Omit<Computing, "onTraining">> {
    return { signal, onProgress: (done, what) => host.send("progress", { task, done, what }) };
  }

  const handlers: Answers["handlers"] = {
    profile: async (request, signal) => {
      host.send("step", "inferring");
      const analysed = await store.analysed(request, { signal });
      host.send("step", "costing");
      const dataFiles = [...(analysed.model.dataFiles?.keys() ?? [])];
      return { profile: packProfile(costModel(analysed, hardwareOf(request))), dataFiles };
    },
    layerDetails: (query) => layerDetails(store, query),
    weightStatistics: (query) => layerWeights(store, query),
    saveTensor: async (asked, signal) => {
      await saveTensor(store, asked, signal);
      return null;
    },
    download: async (request, signal) => {
      const { onProgress } = telling("download", signal);
      const analysed = await store.analysed(request, { signal });
      return downloadReport(analysed, { signal, onProgress: (done) => onProgress(done, "") });
    },
    listing: async (request) => listModel(await store.analysed(request)),
    diagnose: async ({ request, settings }) => {
      const analysed = await store.analysed(request);
      return diagnose(analysed, costModel(analysed, hardwareOf(request)), parseSettings(settings));
    },
    diagnoseWeights: async ({ request, settings }, signal) => {
      const analysed = await store.analysed(request, { signal });
      const { onProgress } = telling("weights", signal);
      return diagnoseWeights(analysed, costModel(analysed, hardwareOf(request)), parseSettings(settings), {
        signal,
        onProgress: (done) => onProgress(done, ""),
      });
    },
    export: ({ profile, file, format, run, budgets }) =>
      exportProfile({ ...unpackProfile(profile), file }, format, {
        ...(run && { run }),
        budgets: { ...INITIAL_BUDGETS, ...budgets },
        writtenAt: new Date(),
      }),
    describe: ({ edits, file }) => describeEdits(edits, file),
    suggest: ({ request, scope }, signal) =>
      suggestEdits(store, request, hardwareOf(request), scope, {
        ...telling("suggest", signal),
        onFound: (found) => host.send("found", found),
      }),
    predict: ({ request, edit }) => predict(store, request, edit, hardwareOf(request)),
    copy: async ({ location, path }, signal) => {
      const { onProgress } = telling("copy", signal);
      const model = await store.base(location);
      // All of a bundle: another of its models may be asked for.
      if (model.bundle && location.kind === "path") await copyFile(location.path, path);
      else await writeModel(model, path, { signal, onProgress: (done) => onProgress(done, "") });
      return null;
    },
    compute: async (request, signal) => {
      await store.model(request, {
        ...telling("compute", signal),
        onTraining: (points) => host.send("training", { points }),
      });
      return null;
    },
    stopTraining: () => {
      store.stopTraining();
      return null;
    },
    learned: (request) => store.learned(request),
    keepLearned: async ({ learned }) => {
      await store.keepLearned(new Map(learned.map(({ hash, bytes }) => [hash, bytes])));
      return null;
    },
    tryEdits: ({ request, ...trial }, signal) =>
      tryEdits(store, request, trial, hardwareOf(request), telling("try", signal)),
    compareOutputs: (asked, signal) =>
      compareOutputs(store, asked, { signal, onProgress: (progress) => host.send("compared", progress) }),
    fit: async ({ request, budget, way, recovers, calibration, device }, signal) => {
      const model = await store.model(request, { signal });
      const session = (await store.session(request)).with({ hardware: hardwareOf(request), calibration });
      const context = {
        signal,
        onUpdate: (update: FitUpdate) => host.send("fit", update),
        onSearch: (search: DeviceSearch) =>
          host.send("fitSearch", { subject: device?.subject ?? "", text: formatDeviceSearch(search) }),
      };
      await store.keepLearned(await fitEdits(session, model, { budget, way, recovers, device }, context));
      return null;
    },
    sensitivity: async ({ request, calibration }, signal) => {
      const model = await store.model(request, { signal });
      const session = (await store.session(request)).with({ hardware: hardwareOf(request), calibration });
      const onUpdate = (update: SensitivityUpdate): void => host.send("sensitivity", update);
      await measureSensitivity(session, model, { signal, onUpdate });
      return null;
    },
    save: ({ request, path }, signal) => saveModel(store, request, path, telling("save", signal)),
    samples: async ({ request, calibration }) =>
      noteSamples(await store.model(request), await store.samplesFor(request, calibration)),
    preview: async ({ request, calibration, count }) => {
      const samples = await store.samplesFor(request, calibration);
      return previewCalibration(await store.model(request), samples, count);
    },
    inputs: async (request) => modelInputs(await store.model(request)),
    measure: ({ request, address, options }, signal) =>
      measure(store, request, hardwareOf(request), address, options, {
        signal,
        onProgress: (progress) => host.send("measuring", progress),
      }),
    learn: ({ request, device, observations }) => learn(hardwareOf(request), device, observations),
    watchDevices: async ({ adbPath }, signal) => {
      await watchDevices(adbPath, (connected) => host.send("devices", connected), signal);
      return null;
    },
    describeDevice: (address, signal) => describeDevice(address, signal),
    connectDevice: async ({ adbPath, address }, signal) => {
      await connectDevice(adbPath, address, signal);
      return null;
    },
    cleanUpDevice: async (address, signal) => {
      await cleanUpDevice(address, signal);
      return null;
    },
  };
  return {
    handlers,
    keep: (location, { model, source }) => store.keep(location, { model: withEntry(model, undefined), source }),
    holds: (location) => store.holds(location),
  };
}
