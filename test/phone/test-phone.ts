import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { claimPhone, PHONE_FOLDERS, processesOf, removePhone } from "./abandoned-phones.mjs";
import { endProcess } from "./end-process.ts";
import { BASE } from "./prepare.mjs";

const ADBD = "/usr/lib/android-sdk/platform-tools/adbd";
const ANSWERS = join(import.meta.dirname, "answers");
const SCRIPTS = join(import.meta.dirname, "scripts");

export interface PhoneOptions {
  /** Folder of `answers/`: what the phone says of itself. */
  readonly answers?: string;
  /** Instead of those that the answers name. */
  readonly abis?: string;
  /** Size of /data; as large as the computer's disk when left out. */
  readonly dataBytes?: number;
  /** How /data is mounted then: "noexec". */
  readonly options?: string;
  /** Instead of those that the answers name. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** A phone for the real adb: the real adbd in a Debian of its own, with scripts for the commands that only Android has. */
export class TestPhone {
  readonly serial: string;
  #adbd: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {
    this.serial = `127.0.0.1:${port}`;
  }

  static async start({
    answers = "android-14",
    abis = "x86_64",
    dataBytes,
    options,
    properties = {},
  }: PhoneOptions = {}): Promise<TestPhone> {
    const folder = mkdtempSync(PHONE_FOLDERS);
    claimPhone(folder);
    const phone = new TestPhone(folder, await freePort());
    try {
      phone.#mount(dataBytes, options);
      phone.#answer(answers, { ...properties, "ro.product.cpu.abilist": abis });
      await phone.plugIn();
    } catch (error) {
      await phone.stop();
      throw error;
    }
    return phone;
  }

  /** As if the process that plays it were gone. */
  abandon(): void {
    claimPhone(this.folder, spawnSync("true").pid);
  }

  /** A file or folder of the phone, on this computer. */
  path(inside: string): string {
    return join(this.folder, "root", inside);
  }

  /** Starts adbd: the phone can be connected. */
  async plugIn(): Promise<void> {
    this.#adbd = spawn("chroot", [this.path("/"), ADBD], {
      env: { ADBD_PORT: String(this.port), PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root" },
      stdio: "ignore",
    });
    await accepts(this.port);
  }

  /** Kills adbd as a pulled cable does: without a word. */
  async pull(): Promise<void> {
    const adbd = this.#adbd;
    if (adbd === undefined) return;
    this.#adbd = undefined;
    await endProcess(adbd);
  }

  /** Ends, as a phone without memory does, what has these words in its command line. */
  kill(words: string): void {
    for (const pid of processesOf(this.folder))
      if (
        readProc(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))
          ?.replaceAll("\0", " ")
          .includes(words) === true
      )
        process.kill(pid, "SIGKILL");
  }

  /** Command lines of what runs on the phone, adbd itself left out. */
  processes(): readonly string[] {
    const commands = processesOf(this.folder).map((pid) =>
      readProc(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")),
    );
    return commands
      .map((command) => command?.replaceAll("\0", " ").trim() ?? "")
      .filter((command) => command !== "" && !command.startsWith(ADBD));
  }

  /** What lies in the folder of all runs: nothing, when none is on. */
  leftovers(): readonly string[] {
    const runs = this.path("/data/local/tmp/edgewise/runs");
    return existsSync(runs) ? readdirSync(runs) : [];
  }

  async stop(): Promise<void> {
    await this.pull();
    removePhone(this.folder);
  }

  #mount(dataBytes: number | undefined, options = ""): void {
    const [root, upper, work] = ["root", "upper", "work"].map((name) => join(this.folder, name));
    for (const each of [root, upper, work]) mkdirSync(each ?? "");
    run("mount", ["-t", "overlay", "overlay", "-o", `lowerdir=${BASE},upperdir=${upper},workdir=${work}`, root ?? ""]);
    run("mount", ["--bind", "/proc", this.path("/proc")]);
    run("mount", ["--rbind", "/dev", this.path("/dev")]);
    run("mount", ["--make-rslave", this.path("/dev")]);
    if (dataBytes !== undefined)
      run("mount", [
        "-t",
        "tmpfs",
        "-o",
        [`size=${dataBytes}`, options].filter(Boolean).join(","),
        "tmpfs",
        this.path("/data/local/tmp"),
      ]);
  }

  #answer(answers: string, overridden: Readonly<Record<string, string>>): void {
    cpSync(SCRIPTS, this.path("/usr/local/bin"), { recursive: true });
    cpSync(join(ANSWERS, answers), this.path("/answers"), { recursive: true });
    const lines = readFileSync(this.path("/answers/getprop.txt"), "utf8").split("\n");
    const kept = lines.filter((line) => !Object.keys(overridden).some((name) => line.startsWith(`[${name}]:`)));
    const own = Object.entries(overridden).map(([name, value]) => `[${name}]: [${value}]`);
    writeFileSync(this.path("/answers/getprop.txt"), [...own, ...kept].join("\n"));
    for (let core = 0; core < availableParallelism(); core += 1) this.#core(core);
  }

  /** What Linux tells of a core, in kHz. */
  #core(core: number): void {
    const folder = this.path(`/sys/devices/system/cpu/cpu${core}`);
    mkdirSync(join(folder, "cpufreq"), { recursive: true });
    if (core > 0) writeFileSync(join(folder, "online"), "1\n");
    const files = { scaling_cur_freq: 1704000, cpuinfo_max_freq: 2914000, scaling_max_freq: 2914000 };
    for (const [name, kilohertz] of Object.entries(files))
      writeFileSync(join(folder, "cpufreq", name), `${kilohertz}\n`);
  }
}

/** A process may end while it is looked at. */
function readProc(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}

/** Not among the ports of emulators, which adb looks at by itself. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Waits until something listens, without connecting: adbd takes the first connection for a computer's. */
async function accepts(port: number): Promise<void> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  for (let tries = 0; tries < 200; tries += 1) {
    const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFileSync(file, "utf8")).join("\n");
    // State 0A: it listens.
    if (tables.split("\n").some((line) => line.split(" 0A ")[0]?.includes(wanted) === true && line.includes(" 0A ")))
      return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`adbd does not listen at port ${port}`);
}
