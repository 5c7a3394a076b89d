/** Android's system properties by name. */
export type Properties = ReadonlyMap<string, string>;

const LINE = /^\[([^\]]+)\]: \[(.*?)(\]?)$/;

/** Reads what `getprop` prints: "[name]: [value]" lines, of which a value may go on for several. */
export function parseProperties(answer: string): Properties {
  const properties = new Map<string, string>();
  let open: string | undefined;
  for (const line of answer.split(/\r?\n/)) {
    const [, name, start = "", end] = open === undefined ? (LINE.exec(line) ?? []) : [];
    if (name !== undefined) {
      properties.set(name, start);
      open = end === "]" ? undefined : name;
    } else if (open !== undefined) {
      const isLast = line.endsWith("]");
      properties.set(open, `${properties.get(open) ?? ""}\n${isLast ? line.slice(0, -1) : line}`);
      if (isLast) open = undefined;
    }
  }
  return properties;
}

/** What a phone is called, an emulator as such: its times are those of the computer that it runs on. */
export function phoneName(properties: Properties): string | null {
  const name = modelName(properties);
  return name !== null && isEmulator(properties) ? `${name}${EMULATOR}` : name;
}

/** Behind the name of an emulator. */
export const EMULATOR = " (emulator)";

/** What each emulator sets that no phone does: Android's own, Genymotion, Cuttlefish, Waydroid, and those that run in containers. */
const EMULATORS: readonly (readonly [property: string, value: RegExp])[] = [
  ["ro.kernel.qemu", /^1$/],
  ["ro.boot.qemu", /^1$/],
  ["ro.hardware", /^(?:goldfish|ranchu|vbox86|ttVM_x86|nox|cutf|cutf_cvd|cutf_vm|redroid|waydroid)/i],
  ["ro.build.characteristics", /\bemulator\b/],
  ["ro.product.model", /^(?:sdk_|sdk$|google_sdk|Android SDK built for |Emulator\b|Cuttlefish)/i],
  ["ro.product.device", /^(?:generic_x86|emulator|emu64|goldfish|vsoc|vbox86|waydroid|redroid)/i],
  ["ro.product.manufacturer", /^Genymo(?:tion|bile)$/i],
];

function isEmulator(properties: Properties): boolean {
  return EMULATORS.some(([property, value]) => value.test(properties.get(property) ?? ""));
}

/** "Google Pixel 8"; vendors who put their own name into the model's are not told twice. */
function modelName(properties: Properties): string | null {
  const model = first(properties, "ro.product.model", "ro.product.vendor.model", "ro.product.name");
  const maker = first(properties, "ro.product.manufacturer", "ro.product.brand");
  if (model === null) return maker;
  if (maker === null || model.toLowerCase().startsWith(maker.toLowerCase())) return model;
  return `${maker.charAt(0).toUpperCase()}${maker.slice(1)} ${model}`;
}

/** "Android 14 (API level 34)" */
export function androidVersion(properties: Properties): string | null {
  const release = first(properties, "ro.build.version.release_or_codename", "ro.build.version.release");
  const level = first(properties, "ro.build.version.sdk");
  if (release === null) return null;
  return level === null ? `Android ${release}` : `Android ${release} (API level ${level})`;
}

export function apiLevel(properties: Properties): number | null {
  const level = Number(first(properties, "ro.build.version.sdk") ?? "NaN");
  return Number.isInteger(level) ? level : null;
}

/** "Google Tensor G3" from Android 12 on; before that only the platform's code name. */
export function systemOnChip(properties: Properties): string | null {
  const maker = first(properties, "ro.soc.manufacturer");
  const model = first(properties, "ro.soc.model");
  if (model !== null) return maker === null || model.startsWith(maker) ? model : `${maker} ${model}`;
  return first(properties, "ro.board.platform", "ro.hardware");
}

/** Instruction sets that programs may use, the preferred one first. */
export function instructionSets(properties: Properties): readonly string[] {
  const list = first(properties, "ro.product.cpu.abilist", "ro.product.cpu.abi") ?? "";
  return list.split(",").flatMap((abi) => (abi.trim() === "" ? [] : [abi.trim()]));
}

/** Names are told in one line; a property of a newer Android can be of any length. */
const LONGEST = 200;

/** Empty and "unknown" are what properties say that nobody has set. What steers a terminal is left out. */
function first(properties: Properties, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = (properties.get(name) ?? "")
      .slice(0, LONGEST)
      .replaceAll(/\p{C}+/gu, " ")
      .trim();
    if (value !== "" && value.toLowerCase() !== "unknown") return value;
  }
  return null;
}
