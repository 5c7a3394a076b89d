import { parentPort, workerData } from "node:worker_threads";
import {
  FileSource,
  ExternalDataFolder,
  profileModel,
  type AnalysedModel,
  type ExternalDataFiles,
} from "../../profiler/index.ts";
import { Rpc } from "../../webview/protocol/rpc.ts";
import type { Answers } from "./answers.ts";
import { hardwareOf } from "./hardware-of.ts";
import type { Open } from "./model-store.ts";
import { packProfile } from "./pack-profile.ts";
import type { ModelRequest, ProfileReply, RunLimits, WorkerContract, WorkerHostContract } from "./protocol.ts";
import { ReadFiles } from "./read-files.ts";
import { RemoteExternalData, RemoteSource } from "./remote-source.ts";

/**
 * The thread that runs the engine, so that the extension host stays responsive. It starts with what reads and costs a file, less than
 * half of the engine; the rest is loaded by the first question that needs it.
 */

if (parentPort === null) throw new Error("This file is the entry of a worker thread.");
const port = parentPort;

const { learnedFolder } = (workerData ?? {}) as { readonly learnedFolder?: string };

type Requests = WorkerContract["requests"];

let limits: RunLimits = {};
/** Files that were profiled before the rest was there, which takes them. */
const read = new ReadFiles();
let rest: Promise<Answers> | undefined;
let loaded: Answers | undefined;

const host = new Rpc<WorkerContract, WorkerHostContract>((message) => port.postMessage(message), {
  ping: () => null,
  limit: async (given) => {
    limits = given;
    if (rest) (await import("./answers.ts")).limit(given);
    return null;
  },
  profile: async (request, signal) => {
    const isNew = request.edits.length === 0 && !(loaded ?? read).holds(request.location);
    return isNew ? profileFile(request, signal) : (await all()).handlers.profile(request, signal);
  },
  layerDetails: later("layerDetails"),
  weightStatistics: later("weightStatistics"),
  saveTensor: later("saveTensor"),
  download: later("download"),
  listing: later("listing"),
  diagnose: later("diagnose"),
  diagnoseWeights: later("diagnoseWeights"),
  export: later("export"),
  describe: later("describe"),
  suggest: later("suggest"),
  predict: later("predict"),
  copy: later("copy"),
  compute: later("compute"),
  stopTraining: later("stopTraining"),
  learned: later("learned"),
  keepLearned: later("keepLearned"),
  tryEdits: later("tryEdits"),
  compareOutputs: later("compareOutputs"),
  fit: later("fit"),
  sensitivity: later("sensitivity"),
  save: later("save"),
  samples: later("samples"),
  preview: later("preview"),
  inputs: later("inputs"),
  measure: later("measure"),
  learn: later("learn"),
  watchDevices: later("watchDevices"),
  describeDevice: later("describeDevice"),
  connectDevice: later("connectDevice"),
  cleanUpDevice: later("cleanUpDevice"),
});
port.on("message", (message: unknown) => host.receive(message));

function all(): Promise<Answers> {
  rest ??= load();
  return rest;
}

async function load(): Promise<Answers> {
  const { answers, limit } = await import("./answers.ts");
  limit(limits);
  loaded = answers(host, open, learnedFolder);
  read.handOver(loaded);
  return loaded;
}

function later<Method extends keyof Answers["handlers"] & keyof Requests>(
  method: Method,
): (params: Requests[Method]["params"], signal: AbortSignal) => Promise<Requests[Method]["result"]> {
  return async (params, signal) => (await all()).handlers[method](params, signal);
}

async function profileFile(request: ModelRequest, signal: AbortSignal): Promise<ProfileReply> {
  const { source, externalData } = await open(request.location);
  const dataFiles = new Set<string>();
  const watched: ExternalDataFiles = {
    open: (relativePath) => {
      dataFiles.add(relativePath);
      return externalData.open(relativePath);
    },
  };
  const names = [request.location.model, request.entry].flatMap((name) => name ?? []);
  const inspection: { analysed?: AnalysedModel } = {};
  try {
    const result = await profileModel(source, watched, {
      bindings: request.bindings,
      hardware: hardwareOf(request),
      takesFirst: true,
      ...(names.length > 0 && { part: names.join("#") }),
      onProgress: (step) => host.send("step", step),
      onAnalysed: (analysed) => (inspection.analysed = analysed),
      signal,
    });
    const { model } = inspection.analysed ?? {};
    if (model) (loaded ?? read).keep(request.location, { model, source });
    return { profile: packProfile(result), dataFiles: [...dataFiles] };
  } catch (error) {
    await source.close();
    throw error;
  }
}

const open: Open = async (location) => {
  if (location.kind === "remote") {
    const { uri, name, size } = location;
    const source = new RemoteSource(host, name, size, { model: uri, relativePath: "" });
    return { source, externalData: new RemoteExternalData(host, uri) };
  }
  return { source: await FileSource.open(location.path), externalData: new ExternalDataFolder(location.path) };
};
