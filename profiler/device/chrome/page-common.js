// What both pages for the phone's Chrome need: talking to our server, and the GPU. Plain JavaScript for a browser.

/** Telling how far it is costs a moment between two runs. */
const REPORT_MILLISECONDS = 250;

globalThis.wasHidden = document.hidden;
document.addEventListener("visibilitychange", () => (globalThis.wasHidden ||= document.hidden));

/**
 * Runs the page's work and tells how it failed.
 * @param explain what the runtime said of it, if anything
 */
export function run(work, explain = () => undefined) {
  work().then(
    () => say("Done. This tab can be closed."),
    async (error) => {
      const message = [error instanceof Error ? error.message : String(error), explain()].filter(Boolean).join(": ");
      say(message);
      await post("failure", message).catch(() => undefined);
    },
  );
}

/** What hears between runs how far it is, and tells it now and then. */
export function reporter() {
  let told = performance.now();
  return async (done, total) => {
    if (performance.now() - told < REPORT_MILLISECONDS) return;
    // Where nobody listens any more, nobody waits for the rest.
    await post("progress", JSON.stringify({ done, total }));
    told = performance.now();
  };
}

/** @throws {Error} where the browser has no GPU for pages */
export async function requireAdapter() {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("this browser gives pages no GPU (WebGPU needs Chrome 121 on Android 12 or newer)");
  return adapter;
}

/** "qualcomm adreno-7xx"; a software one is called that. */
export function adapterName({ info, isFallbackAdapter }) {
  const name = [info?.vendor, info?.architecture, info?.description].filter(Boolean).join(" ");
  const isSoftware = isFallbackAdapter || info?.isFallbackAdapter || /swiftshader|llvmpipe/i.test(name);
  return `${name || "unnamed"}${isSoftware ? " (software)" : ""}`;
}

export async function get(name) {
  const answer = await fetch(name, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer;
}

export async function post(name, body) {
  const answer = await fetch(name, { method: "POST", body });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
}

export function say(text) {
  document.getElementById("state").textContent = text;
}
