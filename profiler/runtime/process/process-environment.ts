/**
 * What a process of a runtime is started with. Inside VS Code the executable is VS Code's own, which is Node when asked. Telemetry is asked
 * about when ONNX Runtime loads. Node reads the certificates of `NODE_EXTRA_CA_CERTS` while it starts (62 ms of 97 with 150 of them, Node
 * 20.20), and no runtime speaks to a network.
 */
export function processEnvironment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;
  return { ...environment, ORT_DISABLE_TELEMETRY: "1", ELECTRON_RUN_AS_NODE: "1" };
}
