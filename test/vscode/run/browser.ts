import { chromium, type Browser } from "playwright-core";
import { findChromium } from "../../../install.mjs";

/** A test's browser asks the network for nothing, and draws without a graphics card. */
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-sync",
];

/** @throws {Error} when no Chromium is installed */
export function startBrowser(): Promise<Browser> {
  return launch(FLAGS);
}

/** A browser with a GPU for pages that is a program (SwiftShader): what it computes is what a GPU does, how long it takes is not. */
export function startBrowserWithSoftwareGpu(): Promise<Browser> {
  const without = FLAGS.filter((flag) => flag !== "--disable-gpu");
  return launch([...without, "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]);
}

function launch(args: readonly string[]): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("No Chromium found: run `npm test` once, or set EDGEWISE_CHROMIUM");
  return chromium.launch({ executablePath, headless: true, args: [...args] });
}
