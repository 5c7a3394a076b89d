/**
 * How glibc gives memory to a process that runs models. What a run takes and gives is new each time, and a virtual machine takes 10 µs for each
 * page of 4 KiB that is touched first: a third of the processor time of rounding a network's weights.
 */
const MALLOC = {
  /** Large pages, from glibc 2.35 on. */
  hugetlb: 1,
  /** Large arrays are of the heap too, and what follows them there when they are freed. */
  mmap_max: 0,
  /** Bytes at the heap's end that stay when they are freed. */
  trim_threshold: 2 ** 28,
  /** One heap, whichever thread asks. */
  arena_max: 1,
};

/**
 * What a process of a runtime is started with. Inside VS Code the executable is VS Code's own, which is Node when asked. Telemetry is asked
 * about when ONNX Runtime loads. Node reads the certificates of `NODE_EXTRA_CA_CERTS` while it starts (62 ms of 97 with 150 of them, Node
 * 20.20), and no runtime speaks to a network. Tunables of the user's own count for more than ours.
 */
export function processEnvironment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, GLIBC_TUNABLES: own, ...environment } = process.env;
  const tunables = Object.entries(MALLOC).map(([name, value]) => `glibc.malloc.${name}=${value}`);
  if (own) tunables.push(own);
  return { ...environment, GLIBC_TUNABLES: tunables.join(":"), ORT_DISABLE_TELEMETRY: "1", ELECTRON_RUN_AS_NODE: "1" };
}
