import { statfs } from "node:fs/promises";
import { availableParallelism, cpus, freemem, release, tmpdir, totalmem, type } from "node:os";
import type { Conditions, DeviceIdentity } from "../run-result.ts";
import type { DeviceFacts } from "../target.ts";

/** How Android calls the processors that Node knows. */
const ABIS: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "arm64-v8a", ia32: "x86", arm: "armeabi-v7a" };

const MEGAHERTZ = 1e6;

export function hostIdentity(): DeviceIdentity {
  const [processor] = cpus();
  return {
    kind: "host",
    serial: null,
    name: "This machine",
    system: `${type()} ${release()}`,
    soc: processor?.model.trim() ?? null,
    abis: [ABIS[process.arch] ?? process.arch],
    cores: availableParallelism(),
    memoryBytes: totalmem(),
  };
}

export async function hostTypes(): Promise<DeviceFacts> {
  const { bavail, bsize } = await statfs(tmpdir());
  return {
    ...hostIdentity(),
    freeBytes: bavail * bsize,
    battery: null,
    celsius: null,
    apiLevel: null,
    availableBytes: freemem(),
    bigCores: [],
  };
}

/** Clocks only: what an operating system tells every user of this machine. Virtual ones tell 0. */
export function hostConditions(): Conditions {
  return {
    thermalStatus: null,
    temperatures: [],
    battery: null,
    cores: cpus().map(({ speed }, core) => ({
      core,
      isOnline: true,
      hertz: speed > 0 ? speed * MEGAHERTZ : null,
      maximumHertz: null,
      limitHertz: null,
    })),
  };
}
