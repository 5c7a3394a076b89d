import { basename } from "node:path";
import {
  AdbServer,
  AndroidTarget,
  HostTarget,
  isReady,
  listedName,
  whyNotReady,
  type AdbListedDevice,
  DeviceError,
  type DeviceFacts,
  type RunOptions,
  type TargetProgress,
} from "../../profiler/device/index.ts";
import type { HardwareProfile } from "../../profiler/index.ts";
import { costModel } from "../../profiler/editing/index.ts";
import type { ListedDevice } from "../../webview/protocol/running.ts";
import { RpcError, type Failure } from "../../webview/protocol/rpc.ts";
import { observationOf } from "./learning.ts";
import { HOST_DEVICE, type ConnectedDevices, type DeviceAddress, type MeasuredReply } from "./measuring-types.ts";
import type { ModelStore } from "./model-store.ts";
import type { ModelRequest } from "./protocol.ts";

const host = new HostTarget();

export function targetOf({ device, adbPath, benchmarkModel }: DeviceAddress): HostTarget | AndroidTarget {
  if (device === HOST_DEVICE) return host;
  return new AndroidTarget(serverOf(adbPath), { serial: device, ...(benchmarkModel !== "" && { benchmarkModel }) });
}

function serverOf(adbPath: string): AdbServer {
  return new AdbServer(adbPath === "" ? {} : { adbPath });
}

/** Measures a model with its edits. @throws {DeviceError} @throws {RunError} */
export async function measure(
  store: ModelStore,
  request: ModelRequest,
  hardware: HardwareProfile,
  address: DeviceAddress,
  options: RunOptions,
  control: { readonly signal: AbortSignal; readonly onProgress: (progress: TargetProgress) => void },
): Promise<MeasuredReply> {
  const analysed = await store.analysed(request, { signal: control.signal });
  const measured = { model: analysed.model, layers: costModel(analysed, hardware).layers };
  const run = await told(targetOf(address).run(measured, { ...options, dimensions: request.bindings }, control));
  // Runs are shown and handed on: nobody needs the folder.
  const result = { ...run, model: { ...run.model, file: basename(run.model.file) } };
  return { result, observation: observationOf(result, analysed, hardware) };
}

export function describeDevice(address: DeviceAddress, signal: AbortSignal): Promise<DeviceFacts> {
  const target = targetOf(address);
  return target instanceof HostTarget ? target.describe() : told(target.describe(signal));
}

/** Removes what is ours from a phone. */
export async function cleanUpDevice(address: DeviceAddress, signal: AbortSignal): Promise<void> {
  const target = targetOf(address);
  if (target instanceof AndroidTarget) await told(target.cleanUp(signal));
}

/** Wireless debugging. @throws {DeviceError} when nothing answers there */
export function connectDevice(adbPath: string, address: string, signal: AbortSignal): Promise<void> {
  return told(serverOf(adbPath).connect(address, signal));
}

/** Tells what is connected now and whenever that changes, until the signal aborts. */
export async function watchDevices(
  adbPath: string,
  onChange: (connected: ConnectedDevices) => void,
  signal: AbortSignal,
): Promise<void> {
  await serverOf(adbPath).track(
    (devices) => onChange({ devices: devices.map(listed), problem: null }),
    signal,
    (error) => onChange({ devices: [], problem: failureOf(error) }),
  );
}

function listed(device: AdbListedDevice): ListedDevice {
  const { serial } = device;
  const name = listedName(device);
  const advice = isReady(device) ? undefined : whyNotReady(device);
  const problem = advice ? failureOf({ message: `${name}: ${advice.message}`, hint: advice.hint }) : null;
  return { id: serial, name, facts: null, problem };
}

/** What is wrong with a device, as sentences that stand one after the other. */
export async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof DeviceError ? new RpcError(failureOf(error)) : error;
  }
}

function failureOf({ message, hint }: Pick<DeviceError, "message" | "hint">): Failure {
  return { code: "device", message: `${message}.`, ...(hint !== undefined && { hint: `${hint}.` }) };
}
