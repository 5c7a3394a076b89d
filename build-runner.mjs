// npm run build:runner: what phones need to run models, one folder for each processor, written to dist/runner/<abi>. This machine runs TFLite
// models with its own. Needs Debian (root installs the compilers by itself): the C library comes from its packages, of the versions in
// packages.json, and TFLite's library from the npm package in tensorflow-lite.json.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT, findProgram, installDebian, installPackages } from "./install.mjs";

const SOURCE = join(ROOT, "profiler/device/runner");
const OUT = join(ROOT, "dist/runner");
const CACHE = join(ROOT, "node_modules/.cache/edgewise/runner");
const ONNX_RUNTIME = join(ROOT, "node_modules/onnxruntime-node");
const LOCK = join(SOURCE, "packages.json");
const TFLITE_LOCK = join(SOURCE, "tensorflow-lite.json");
const TFLITE = JSON.parse(readFileSync(TFLITE_LOCK, "utf8"));

/** By Android's names of processors. `loader` starts the runner: Android has no C library of this kind. */
const TARGETS = [
  {
    abi: "arm64-v8a",
    architecture: "arm64",
    triple: "aarch64-linux-gnu",
    loader: "ld-linux-aarch64.so.1",
    compilerPackage: "gcc-aarch64-linux-gnu",
    onnxRuntime: "linux/arm64",
    tflite: "linux_arm64",
  },
  {
    abi: "x86_64",
    architecture: "amd64",
    triple: "x86_64-linux-gnu",
    loader: "ld-linux-x86-64.so.2",
    compilerPackage: "gcc-x86-64-linux-gnu",
    onnxRuntime: "linux/x64",
    tflite: "linux_amd64",
  },
];

/** What runs models: a program of ours and the library that it opens. */
const RUNNERS = { onnxruntime: "runner", tflite: "tflite-runner" };
const SOURCES = readdirSync(SOURCE)
  .filter((file) => /\.[ch]$/.test(file))
  .sort()
  .map((file) => join(SOURCE, file));

/** Where Debian keeps the text of TensorFlow's licence. */
const APACHE = "/usr/share/common-licenses/Apache-2.0";

/** Libraries that the runners, ONNX Runtime and TFLite load, by the package that has them. The loader is in libc6 too. */
const LIBRARIES = {
  libc6: ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"],
  "libgcc-s1": ["libgcc_s.so.1"],
  "libstdc++6": ["libstdc++.so.6"],
};
const LICENCES = {
  libc6: "LGPL-2.1-or-later",
  "libgcc-s1": "GPL-3.0-or-later WITH GCC-exception-3.1",
  "libstdc++6": "GPL-3.0-or-later WITH GCC-exception-3.1",
};

/** Packages with their texts: GCC's libraries share one. */
const COPYRIGHTS = ["libc6", "gcc-12-base"];

/** Kernels of newer phones have pages of 16 KB; 64 KB suits them all. */
const PAGE_FLAGS = ["-Wl,-z,max-page-size=65536", "-Wl,-z,common-page-size=65536"];
const COMPILER_FLAGS = ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-s", ...PAGE_FLAGS];

const { values: options } = parseArgs({ options: { update: { type: "boolean", default: false } } });

installPackages();
const wanted = recipe();
if (!options.update && TARGETS.every(({ abi }) => recipeOf(abi) === wanted)) {
  console.log("dist/runner is up to date");
} else {
  buildAll();
}

function buildAll() {
  const missing = [
    ...TARGETS.filter(({ triple }) => !findProgram(`${triple}-gcc`)).map(({ compilerPackage }) => compilerPackage),
    ...(findProgram("dpkg-deb") && findProgram("apt-get") ? [] : ["dpkg", "apt"]),
  ];
  const reason = missing.length > 0 ? installDebian(missing, "the compilers of the runner") : undefined;
  if (reason) fail(reason);
  const work = mkdtempSync(join(tmpdir(), "edgewise-runner-"));
  try {
    const packages = fetchPackages(work);
    const built = join(work, "built");
    const tflite = fetchTflite(work);
    for (const target of TARGETS) buildTarget(target, packages, tflite, work, join(built, target.abi));
    rmSync(OUT, { recursive: true, force: true });
    mkdirSync(OUT, { recursive: true });
    cpSync(built, OUT, { recursive: true });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  for (const { abi } of TARGETS) console.log(`dist/runner/${abi}: ${describe(abi)}`);
}

function buildTarget(target, packages, tflitePackage, work, folder) {
  const { abi, architecture, triple, loader, onnxRuntime, tflite } = target;
  mkdirSync(join(folder, "licences"), { recursive: true });
  const headers = join(work, "headers");
  const sysroot = join(work, abi);
  for (const { file, name } of packages.filter((each) => each.architecture === architecture)) {
    run("dpkg-deb", ["-x", file, name === "libonnxruntime-dev" ? headers : sysroot]);
  }
  // The header is the same for all processors, and comes with the package of one.
  const [header] = packages.filter(({ name }) => name === "libonnxruntime-dev");
  run("dpkg-deb", ["-x", header.file, headers]);
  const include = findFile(headers, "onnxruntime_c_api.h");

  const includes = [join(include, ".."), join(tflitePackage, "cc_deps/include")].map((path) => `-I${path}`);
  const files = Object.entries(RUNNERS).map(([runtime, name]) => {
    const args = [`--sysroot=${sysroot}`, ...COMPILER_FLAGS, ...includes, join(SOURCE, `${name}.c`)];
    run(`${triple}-gcc`, [...args, "-o", join(folder, name), "-ldl", "-lpthread"]);
    return { name, runtime, source: "Edgewise", licence: "MIT" };
  });
  for (const [name, libraries] of Object.entries(LIBRARIES)) {
    const { version } = packages.find((each) => each.name === name && each.architecture === architecture);
    const source = `${name} ${version} of Debian`;
    for (const library of name === "libc6" ? [loader, ...libraries] : libraries) {
      cpSync(findFile(sysroot, library), join(folder, library), { dereference: true });
      files.push({ name: library, source, licence: LICENCES[name] });
    }
  }
  for (const name of COPYRIGHTS) {
    cpSync(join(sysroot, "usr/share/doc", name, "copyright"), join(folder, "licences", `${name}.txt`));
  }
  const libraries = [
    {
      name: "libonnxruntime.so.1",
      path: join(ONNX_RUNTIME, "bin/napi-v6", onnxRuntime, "libonnxruntime.so.1"),
      of: { runtime: "onnxruntime", source: `onnxruntime-node ${onnxRuntimeVersion()}`, licence: "MIT" },
    },
    {
      name: "libtensorflowlite_c.so",
      path: join(tflitePackage, "cc_deps", tflite, "libtensorflowlite_c.so"),
      of: { runtime: "tflite", source: `${TFLITE.package} ${TFLITE.version}`, licence: "Apache-2.0" },
    },
  ];
  for (const { name, path, of } of libraries) {
    cpSync(path, join(folder, name));
    files.push({ name, ...of });
  }
  cpSync(APACHE, join(folder, "licences", "tensorflow-lite.txt"));
  cpSync(findFile(headers, "copyright"), join(folder, "licences", "onnxruntime.txt"));
  cpSync(join(ROOT, "LICENSE"), join(folder, "licences", "edgewise.txt"));
  const manifest = {
    abi,
    loader,
    onnxRuntime: onnxRuntimeVersion(),
    tflite: TFLITE.tfliteVersion,
    recipe: wanted,
    files: files.map((file) => ({ ...file, ...measure(join(folder, file.name)) })),
  };
  writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The packages of packages.json as files, downloaded where the cache lacks them. apt checks Debian's signature, we the hash. */
function fetchPackages(work) {
  const locked = JSON.parse(readFileSync(LOCK, "utf8"));
  mkdirSync(CACHE, { recursive: true });
  const missing = locked.filter(({ sha256 }) => options.update || !existsSync(cachedFile(sha256)));
  const fetched = missing.length === 0 ? [] : download(missing, locked, work);
  const packages = locked.map((each) => fetched.find((found) => isSamePackage(found, each)) ?? each);
  if (options.update) writeFileSync(LOCK, `${JSON.stringify(packages, null, 2)}\n`);
  return packages.map((each) => ({ ...each, file: cachedFile(each.sha256) }));
}

/** All at once, for apt takes seconds to start; point releases take old versions away, and then the newest. */
function download(missing, locked, work) {
  const apt = privateApt(work, [...new Set(locked.map(({ release }) => release))]);
  const fetch = (queries) => {
    const folder = mkdtempSync(join(work, "deb-"));
    const { status } = spawnSync("apt-get", [...apt, "-q", "download", ...queries], { cwd: folder, stdio: "ignore" });
    return status === 0 ? readdirSync(folder).map((deb) => join(folder, deb)) : undefined;
  };
  const exactly = missing.map(({ name, architecture, version }) => `${name}:${architecture}=${version}`);
  const newest = missing.map(({ name, architecture, release }) => `${name}:${architecture}/${release}`);
  const files = (options.update ? undefined : fetch(exactly)) ?? fetch(newest);
  if (files === undefined) fail("Debian's packages cannot be downloaded: is there a network?");
  return files.map((file) => {
    const [name, architecture, version] = ["Package", "Architecture", "Version"].map((field) =>
      run("dpkg-deb", ["-f", file, field]).trim(),
    );
    const expected = missing.find((each) => isSamePackage(each, { name, architecture }));
    const sha256 = hashOf(readFileSync(file));
    if (version === expected.version && sha256 !== expected.sha256)
      fail(`${basename(file)} is not what packages.json names`);
    if (version !== expected.version) console.log(`${name}: Debian has ${version} instead of ${expected.version} now`);
    cpSync(file, `${cachedFile(sha256)}.part`);
    renameSync(`${cachedFile(sha256)}.part`, cachedFile(sha256));
    return { ...expected, version, sha256 };
  });
}

/** TFLite's npm package, unpacked: the tarball alone, for it compiles when it is installed. npm fetches it, and we check its hash. */
function fetchTflite(work) {
  const [algorithm, expected] = TFLITE.integrity.split("-");
  const cached = join(CACHE, `${TFLITE.package}-${TFLITE.version}.tgz`);
  const isRight = () => createHash(algorithm).update(readFileSync(cached)).digest("base64") === expected;
  if (!existsSync(cached) || !isRight()) {
    const folder = mkdtempSync(join(work, "npm-"));
    const args = ["pack", `${TFLITE.package}@${TFLITE.version}`, "--ignore-scripts", "--pack-destination", folder];
    if (spawnSync("npm", args, { stdio: "ignore" }).status !== 0) fail("npm cannot fetch TFLite: is there a network?");
    const [tarball] = readdirSync(folder);
    mkdirSync(CACHE, { recursive: true });
    cpSync(join(folder, tarball), `${cached}.part`);
    renameSync(`${cached}.part`, cached);
    if (!isRight()) fail(`${tarball} is not what tensorflow-lite.json names`);
  }
  const folder = mkdtempSync(join(work, "tflite-"));
  run("tar", ["-xzf", cached, "-C", folder]);
  return join(folder, "package");
}

function isSamePackage(a, b) {
  return a.name === b.name && a.architecture === b.architecture;
}

function cachedFile(sha256) {
  return join(CACHE, `${sha256}.deb`);
}

/** An apt of our own beside the machine's: for both processors and the releases we need, from the mirror that the machine uses. */
function privateApt(work, releases) {
  const folder = join(work, "apt");
  for (const each of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(folder, each), { recursive: true });
  const targets = run("apt-get", ["indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages"]);
  const mirror = targets
    .split("\n")
    .map((line) => line.split(" "))
    .find(([origin, uri]) => origin === "Debian" && !uri.includes("security"))?.[1];
  if (mirror === undefined) fail("apt knows no mirror of Debian; run apt-get update");
  const keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const sources = releases.map((release) => `deb [signed-by=${keys}] ${mirror} ${release} main\n`).join("");
  writeFileSync(join(folder, "sources.list"), sources);
  const settings = {
    "Dir::State": folder,
    "Dir::State::lists": join(folder, "lists"),
    "Dir::State::status": "/dev/null",
    "Dir::Cache": join(folder, "cache"),
    "Dir::Etc::sourcelist": join(folder, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "APT::Architecture": TARGETS[0].architecture,
    "APT::Architectures": TARGETS.map(({ architecture }) => architecture).join(","),
    "APT::Sandbox::User": "", // its own user cannot enter our folder
    "Acquire::Languages": "none",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  run("apt-get", [...args, "-q", "update"]);
  return args;
}

/** What a bundle is made from, as a hash: one of the same is up to date. */
function recipe() {
  const parts = [LOCK, TFLITE_LOCK, ...SOURCES, join(ROOT, "build-runner.mjs")].map((file) => readFileSync(file));
  return hashOf(Buffer.concat([...parts, Buffer.from(onnxRuntimeVersion())]));
}

function recipeOf(abi) {
  const file = join(OUT, abi, "manifest.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).recipe : undefined;
}

function onnxRuntimeVersion() {
  return JSON.parse(readFileSync(join(ONNX_RUNTIME, "package.json"), "utf8")).version;
}

function measure(file) {
  return { bytes: statSync(file).size, sha256: hashOf(readFileSync(file)) };
}

function hashOf(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

function describe(abi) {
  const { files } = JSON.parse(readFileSync(join(OUT, abi, "manifest.json"), "utf8"));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return `${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`;
}

function findFile(folder, name) {
  const found = readdirSync(folder, { recursive: true }).find((path) => basename(path) === name);
  return found === undefined ? fail(`${name} is in none of the packages`) : join(folder, found);
}

function run(program, args) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status !== 0) fail(`${program} ${args[0]}: ${stderr}`);
  return stdout;
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
