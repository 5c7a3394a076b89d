import type { Command } from "commander";
import { AdbServer, AndroidTarget, HostTarget, type Target } from "../device/index.ts";

/** What commands that reach for devices take to say how. */
export interface AdbOptions {
  readonly adb?: string;
}

export function addAdbOption(command: Command): Command {
  return command.option("--adb <path>", "the adb that starts the server (default: found on the PATH and in the SDK)");
}

/** How this machine is called among devices. */
export const HOST = "host";

export function adbServer({ adb }: AdbOptions): AdbServer {
  return new AdbServer(adb === undefined ? {} : { adbPath: adb });
}

export interface DeviceOptions extends AdbOptions {
  /** A serial, or HOST; the only phone that is connected when left out. */
  readonly device?: string;
  readonly benchmarkModel?: string;
}

export function chooseTarget(options: DeviceOptions): Target {
  const { device, benchmarkModel } = options;
  if (device === HOST) return new HostTarget();
  return new AndroidTarget(adbServer(options), {
    ...(device !== undefined && { serial: device }),
    ...(benchmarkModel !== undefined && { benchmarkModel }),
  });
}
