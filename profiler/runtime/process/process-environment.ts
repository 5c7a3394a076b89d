/**
 * What a process of a runtime is started with. Inside VS Code the executable is VS Code's own, which is Node when asked. Telemetry is asked
 * about when ONNX Runtime loads. Node reads the certificates of `NODE_EXTRA_CA_CERTS` while it starts (62 ms of 97 with 150 of them, Node
 * 20.20), and no runtime speaks to a network.
 *
 * Large pages: what a run takes and gives is new memory each time, and a virtual machine takes 10 µs for each page of 4 KiB that is touched first
 * (a third of the processor time of rounding a network's weights). Heeded by glibc 2.35 and later alone.
 */
export function processEnvironment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;
  const tunables = [environment.GLIBC_TUNABLES, "glibc.malloc.hugetlb=1"].filter((text) => text !== undefined);
  return { ...environment, GLIBC_TUNABLES: tunables.join(":"), ORT_DISABLE_TELEMETRY: "1", ELECTRON_RUN_AS_NODE: "1" };
}
