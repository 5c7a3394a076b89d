import { readdirSync, readFileSync } from "node:fs";

/** The variable that a process hands to those it starts. */
export const MARK = "EDGEWISE_MARK";

/** Has what this process starts meanwhile inherit a mark. */
export async function marking<T>(mark: string, work: () => Promise<T>): Promise<T> {
  process.env[MARK] = mark;
  try {
    return await work();
  } finally {
    Reflect.deleteProperty(process.env, MARK);
  }
}

/** Where everybody can see whose processes there are. */
export const canSeeProcesses = process.platform === "linux";

/** Processes that inherited a mark. */
export function marked(mark: string): readonly string[] {
  return readdirSync("/proc").filter((id) => /^\d+$/.test(id) && told(`/proc/${id}/environ`).includes(mark));
}

/** Whether a marked one that runs models is at it: its time is beyond what loading takes. */
export function isRunning(mark: string): boolean {
  return busy(mark, 30).length > 0;
}

/** Marked ones that run models and took more processor time than so many hundredths of a second. */
export function busy(mark: string, ticks: number): readonly string[] {
  return marked(mark).filter((id) => {
    const [userTicks = "0"] = told(`/proc/${id}/stat`)
      .replace(/^.*\) /, "")
      .split(" ")
      .slice(11);
    return told(`/proc/${id}/cmdline`).includes("onnx-runtime-process") && Number(userTicks) > ticks;
  });
}

/** A process may be gone as soon as it was seen. */
function told(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** A look at all processes of a machine takes milliseconds itself. */
const LOOK_MILLISECONDS = 100;

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
}
