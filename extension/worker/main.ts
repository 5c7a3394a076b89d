import { parentPort } from "node:worker_threads";
import {
  FileSource,
  SiblingFolder,
  findHardware,
  parseHardwareProfile,
  profileModel,
  type ByteSource,
  type HardwareProfile,
  type SiblingFiles,
} from "../../profiler/index.ts";
import { Rpc } from "../../webview/rpc.ts";
import { packProfile } from "./pack-profile.ts";
import type { ModelLocation, ProfileReply, ProfileRequest, WorkerContract, WorkerHostContract } from "./protocol.ts";
import { RemoteSiblings, RemoteSource } from "./remote-source.ts";

/** The thread that runs the engine, so that the extension host stays responsive. */

if (parentPort === null) throw new Error("This file is the entry of a worker thread.");
const port = parentPort;

const host = new Rpc<WorkerContract, WorkerHostContract>((message) => port.postMessage(message), { profile });
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
  try {
    const result = await profileModel(source, watched, {
      bindings: request.bindings,
      hardware: findHardware(request.hardware, request.ownHardware.map(ownHardware)),
      onProgress: (step) => host.send("step", step),
      signal,
    });
    return { profile: packProfile(result), dataFiles: [...dataFiles] };
  } finally {
    await source.close();
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
