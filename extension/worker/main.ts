import { parentPort } from "node:worker_threads";
import {
  exportProfile,
  FileSource,
  SiblingFolder,
  findHardware,
  parseHardwareProfile,
  profileModel,
  type AnalysedModel,
  type ByteSource,
  type HardwareProfile,
  type SiblingFiles,
} from "../../profiler/index.ts";
import { Rpc } from "../../webview/rpc.ts";
import { InspectedModel } from "./inspected-model.ts";
import { packProfile, unpackProfile } from "./pack-profile.ts";
import type { ModelLocation, ProfileReply, ProfileRequest, WorkerContract, WorkerHostContract } from "./protocol.ts";
import { RemoteSiblings, RemoteSource } from "./remote-source.ts";

/** The thread that runs the engine, so that the extension host stays responsive. */

if (parentPort === null) throw new Error("This file is the entry of a worker thread.");
const port = parentPort;

const inspected = new InspectedModel(({ location }) => open(location));

const host = new Rpc<WorkerContract, WorkerHostContract>((message) => port.postMessage(message), {
  profile,
  layerDetails: (query) => inspected.layerDetails(query),
  weightStatistics: (query) => inspected.weightStatistics(query),
  export: ({ profile, file, format }) => exportProfile({ ...unpackProfile(profile), file }, format),
});
port.on("message", (message: unknown) => host.receive(message));

async function profile(request: ProfileRequest, signal: AbortSignal): Promise<ProfileReply> {
  const { source, siblings } = await open(request.location);
  const dataFiles = new Set<string>();
  const watched: SiblingFiles = {
    open: (relativePath) => {
      dataFiles.add(relativePath);
      return siblings.open(relativePath);
    },
  };
  const inspection: { analysed?: AnalysedModel } = {};
  try {
    const result = await profileModel(source, watched, {
      bindings: request.bindings,
      hardware: findHardware(request.hardware, request.ownHardware.map(ownHardware)),
      onProgress: (step) => host.send("step", step),
      onAnalysed: (analysed) => (inspection.analysed = analysed),
      signal,
    });
    if (inspection.analysed) inspected.keep(request, { analysed: inspection.analysed, source });
    return { profile: packProfile(result), dataFiles: [...dataFiles] };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function open(location: ModelLocation): Promise<{ source: ByteSource; siblings: SiblingFiles }> {
  if (location.kind === "remote") {
    return { source: new RemoteSource(host, location.name, location.size), siblings: new RemoteSiblings(host) };
  }
  return { source: await FileSource.open(location.path), siblings: new SiblingFolder(location.path) };
}

function ownHardware(data: unknown, index: number): HardwareProfile {
  return parseHardwareProfile(data, `edgewise.hardwareProfiles[${index}]`);
}
