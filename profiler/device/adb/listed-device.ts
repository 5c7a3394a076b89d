import { ownEntry } from "../../own-entry.ts";
import { EMULATOR } from "./phone-facts/properties.ts";
import { DeviceError, type DeviceProblem } from "../device-error.ts";

/** A line of `adb devices -l`. */
export interface ListedDevice {
  /** Of adb; one that is connected over mDNS may have blanks in it. */
  readonly serial: string;
  /** adb's word: "device" is ready; "unauthorized", "offline", "no permissions", "recovery", … are not. */
  readonly state: string;
  /** As the vendor calls it, underscores for blanks: a name until the device itself is asked. */
  readonly model: string | null;
  /** The server's own number of the connection: what names a device whose serial does not. null in old servers. */
  readonly transportId: bigint | null;
}

/** What adb says of a device that tells none, and of several ones at once. */
const NO_SERIAL = "(no serial number)";

/** adb's state of a device that answers. */
const READY = "device";

/** adb's words for states (`ConnectionStateToString`); "no permissions" goes on: "(user in plugdev group; are your udev rules wrong?); see [http://…]". */
const STATES =
  "no permissions|no device|device|offline|unauthorized|authorizing|connecting|detached|bootloader|host|recovery|rescue|sideload|unknown";

/** Serials of mDNS may hold blanks, "adb-0A1B (2)._adb-tls-connect._tcp", as "(no serial number)" does: a line is divided at the first state. */
const LINE = new RegExp(`^(\\S.*?)\\s+(${STATES})(?=$|[\\s;])(.*)$`);
/** States of other versions of adb. */
const OTHER_LINE = /^(\S+)\s+(\S+)(.*)$/;

/** The answer of adb's services `devices-l` and `track-devices-l`. Lines that are none of a device are passed over. */
export function parseDeviceList(answer: string): readonly ListedDevice[] {
  return answer.split("\n").flatMap((line) => {
    const [, serial, state, rest = ""] = LINE.exec(line.trimEnd()) ?? OTHER_LINE.exec(line.trimEnd()) ?? [];
    if (serial === undefined || state === undefined) return [];
    const model = /\smodel:(\S+)/.exec(rest)?.[1];
    const transport = /\stransport_id:(\d+)/.exec(rest)?.[1];
    return [
      {
        serial,
        state,
        model: model?.replaceAll("_", " ") ?? null,
        transportId: transport === undefined ? null : BigInt(transport),
      },
    ];
  });
}

/** "emulator-5554" */
export function isEmulatorSerial(serial: string): boolean {
  return /^emulator-\d+$/.test(serial);
}

/** What a picker calls a device before it has been asked. */
export function listedName({ serial, model }: ListedDevice): string {
  return isEmulatorSerial(serial) ? `${model ?? serial}${EMULATOR}` : (model ?? serial);
}

/** How the server is told which device is meant: adb finds none by "(no serial number)". */
export function selectorOf({ serial, transportId }: ListedDevice): { serial: string } | { transportId: bigint } {
  return serial === NO_SERIAL && transportId !== null ? { transportId } : { serial };
}

export function isReady({ state }: ListedDevice): boolean {
  return state === READY;
}

interface Advice {
  readonly problem: DeviceProblem;
  readonly message: string;
  readonly hint: string;
}

const ADVICE: Readonly<Record<string, Advice>> = {
  unauthorized: {
    problem: "unauthorized",
    message: "it has not allowed this computer to debug it",
    hint: "Unlock the phone and answer “Allow USB debugging?” with Allow; if it does not ask, unplug it and plug it in again",
  },
  authorizing: {
    problem: "unauthorized",
    message: "it is still deciding whether this computer may debug it",
    hint: "Unlock the phone and answer “Allow USB debugging?” with Allow",
  },
  offline: {
    problem: "offline",
    message: "it does not answer adb",
    hint: "Unplug it and plug it in again, or turn USB debugging off and on; over Wi-Fi, connect it again",
  },
  "no permissions": {
    problem: "no-permissions",
    message: "this user may not open its USB port",
    hint: "On Linux, install the udev rules (Debian and Ubuntu: apt install android-sdk-platform-tools-common), be in the group plugdev, and plug it in again",
  },
};

/** Why nothing can be run on a device that is not ready, and what to do; undefined when it is ready. */
export function whyNotReady(device: ListedDevice): Advice | undefined {
  if (isReady(device)) return undefined;
  return (
    ownEntry(ADVICE, device.state) ?? {
      problem: "unusable-state",
      message: `adb finds it in the state “${device.state}”`,
      hint: "Start Android on it, with USB debugging on",
    }
  );
}

/**
 * The device that is meant: by its serial, or the only one that is ready.
 * @throws {DeviceError} when it is not there, not ready, or none is named and there are several
 */
export function chooseDevice(devices: readonly ListedDevice[], serial?: string): ListedDevice {
  if (serial === undefined) return onlyDevice(devices);
  const found = devices.find((device) => device.serial === serial);
  if (found !== undefined && devices.filter((device) => device.serial === serial && isReady(device)).length > 1)
    throw new DeviceError("several-devices", `several devices have the serial "${serial}"`, {
      hint: "Unplug all but one of them",
    });
  if (found === undefined)
    throw new DeviceError("no-device", `no device "${serial}" is connected`, { hint: connected(devices) });
  return ready(found);
}

function onlyDevice(devices: readonly ListedDevice[]): ListedDevice {
  const usable = devices.filter(isReady);
  const [first, second] = usable;
  if (first === undefined) {
    const [waiting] = devices;
    if (waiting !== undefined) return ready(waiting);
    throw new DeviceError("no-device", "no device is connected", {
      hint: "Plug a phone in and turn on USB debugging in its developer options",
    });
  }
  if (second !== undefined)
    throw new DeviceError("several-devices", `${usable.length} devices are connected`, { hint: connected(usable) });
  return first;
}

function ready(device: ListedDevice): ListedDevice {
  const advice = whyNotReady(device);
  if (advice === undefined) return device;
  throw new DeviceError(advice.problem, `${device.serial}: ${advice.message}`, { hint: advice.hint });
}

function connected(devices: readonly ListedDevice[]): string {
  if (devices.length === 0) return "Plug it in and turn on USB debugging in its developer options";
  return `Name one of: ${devices.map(({ serial, model }) => (model === null ? serial : `${serial} (${model})`)).join(", ")}`;
}
