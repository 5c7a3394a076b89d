import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: NodeJS.Platform;
}

const HERE: Surroundings = { env: process.env, home: homedir(), platform: process.platform };

/** Where Android Studio puts the SDK, below the home folder. */
const SDK_FOLDERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ["Library/Android/sdk"],
  win32: ["AppData/Local/Android/Sdk"],
};
const LINUX_SDK_FOLDERS = ["Android/Sdk", "Android/sdk"];
/** Distributions' packages of the SDK. */
const SYSTEM_SDKS = ["/usr/lib/android-sdk", "/opt/android-sdk"];

/** Where adb may be, the likeliest first: the PATH, the SDK that the environment names, the SDK's usual places. */
export function adbCandidates({ env, home, platform }: Surroundings = HERE): readonly string[] {
  const program = platform === "win32" ? "adb.exe" : "adb";
  const onPath = (env.PATH ?? env.Path ?? "").split(delimiter).filter((folder) => folder !== "");
  const named = [env.ANDROID_HOME, env.ANDROID_SDK_ROOT].filter((folder) => folder !== undefined && folder !== "");
  const usual = (SDK_FOLDERS[platform] ?? LINUX_SDK_FOLDERS).map((folder) => join(home, folder));
  const sdks = [...named, ...usual, ...(platform === "linux" ? SYSTEM_SDKS : [])];
  const inSdks = sdks.flatMap((sdk) => (sdk === undefined ? [] : [join(sdk, "platform-tools")]));
  return [...onPath, ...inSdks].map((folder) => join(folder, program));
}

/** @returns the first adb that can be run; undefined when there is none */
export async function findAdb(candidates: readonly string[] = adbCandidates()): Promise<string | undefined> {
  for (const candidate of candidates) {
    const isProgram = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isProgram) return candidate;
  }
  return undefined;
}
