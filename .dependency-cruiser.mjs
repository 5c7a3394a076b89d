/**
 * The rooms of the engine, the lowest first: a room imports from those of lines above its own, and from no room of its own line. What the
 * compiler cannot see: that imports run one way.
 */
const ROOMS = [
  ["errors.ts", "counters.ts", "onnx-runtime.ts", "own-entry.ts"],
  ["outside-data.ts"],
  ["bytes"],
  ["model"],
  ["tensors"],
  ["shapes", "format-numbers.ts"],
  ["operators"],
  ["hardware", "layers", "neutral"],
  ["profile.ts", "formats"],
  ["bindings.ts", "cost", "numeric"],
  ["compression", "columns.ts", "warnings.ts", "working-sizes.ts", "translation"],
  ["calibration"],
  ["profile-model.ts", "quantity.ts", "runtime"],
  ["device", "listing", "training"],
  ["views", "restructure"],
  ["exports", "editing", "diagnostics"],
  ["index.ts", "presentation.ts", "cli"],
];

const ends = (room) => (room.includes(".") ? `^profiler/${room.replace(".", "\\.")}$` : `^profiler/${room}/`);

const walls = ROOMS.flatMap((line, index) =>
  line.map((room) => {
    const above = ROOMS.slice(index)
      .flat()
      .filter((other) => other !== room);
    return {
      name: `profiler/${room} imports from below`,
      severity: "error",
      from: { path: ends(room) },
      to: { path: above.map(ends) },
    };
  }),
);

export default {
  forbidden: [
    ...walls,
    {
      name: "every room of the engine has its line",
      comment: "Add a new folder or file of profiler/ to ROOMS.",
      severity: "error",
      from: { path: "^profiler/", pathNot: ROOMS.flat().map(ends) },
      to: {},
    },
    {
      name: "every room of the engine has its line, one too that imports nothing",
      comment: "Add a new folder or file of profiler/ to ROOMS.",
      severity: "error",
      from: {},
      to: { path: "^profiler/", pathNot: ROOMS.flat().map(ends) },
    },
    { name: "no circle", severity: "error", from: { path: "^(profiler|webview)/" }, to: { circular: true } },
    {
      name: "no circle that runs",
      comment: "An event of VS Code's own names the document that it is of: a circle of types alone.",
      severity: "error",
      from: { path: "^extension/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "operators of a format are its own",
      severity: "error",
      from: { path: "^profiler/formats/onnx/" },
      to: { path: "^profiler/formats/tflite/" },
    },
    {
      name: "operators of a format are its own, the other way",
      severity: "error",
      from: { path: "^profiler/formats/tflite/" },
      to: { path: "^profiler/formats/onnx/" },
    },
    {
      name: "restructurings know no format",
      severity: "error",
      from: { path: "^profiler/(restructure|neutral)/" },
      to: { path: "^profiler/formats/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "generated" },
    includeOnly: "^(profiler|extension|webview)/",
    tsPreCompilationDeps: true,
  },
};
