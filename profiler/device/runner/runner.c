/* runner: runs an ONNX model on a phone with ONNX Runtime's C API and prints one line of JSON.
 *
 *   runner MODEL --threads N --optimization basic|extended|all --warm-up N --runs N
 *          [--budget SECONDS]      stop timing after so long, though not before MIN_RUNS
 *          [--seconds SECONDS]     time nothing: run for so long instead of N times
 *          [--input TYPE:AxBxC:FILE]...  one an input in the model's order; TYPE is an ONNXTensorElementDataType
 *          [--outputs DIR]         write output I of the last run to DIR/output_I.bin
 *          [--profile PREFIX]      ONNX Runtime's profile, to PREFIX.json
 *          [--optimized FILE]      the graph that runs, without its weights, to FILE
 *          [--cores I,J,…]         bind all threads to these cores
 *
 * Standard output: {"ok":true,…}, or {"ok":false,"stage":…,"error":…} with exit code 2, or 3 after a crash inside the library.
 * Standard error: "progress PHASE DONE TOTAL" lines. Standard input ties it to the computer: when that closes (cancelled, unplugged,
 * adb gone), the runner ends at once.
 *
 * libonnxruntime is opened with dlopen: linking would bind the versioned symbol OrtGetApiBase@VERS_1.x.y and so one release. */
#define _GNU_SOURCE
#include "options.h"
#include "onnxruntime_c_api.h"

#define API_VERSION 21  /* of ONNX Runtime 1.21, whose header Debian has; newer libraries offer it too */
#define LIBRARY "libonnxruntime.so.1"

static const OrtApi *ort;

static void check(OrtStatus *status) {
  if (status) fail(ort->GetErrorMessage(status));
}

static size_t element_bytes(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL: return 1;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16: return 2;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32: return 4;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64: return 8;
    default: return 0; /* text, complex and packed types are not read or written */
  }
}

/* "1:1x3x224x224:input_0.bin"; a scalar has no sizes: "1::input_0.bin". */
static OrtValue *read_input(OrtAllocator *allocator, const char *spec) {
  char *rest;
  ONNXTensorElementDataType type = (ONNXTensorElementDataType)strtol(spec, &rest, 10);
  int64_t shape[MAX_RANK];
  size_t rank = 0, elements = 1, width = element_bytes(type);
  while (*rest == (rank ? 'x' : ':') && rest[1] != ':') {
    if (rank == MAX_RANK) fail("an input has too many dimensions");
    shape[rank] = strtoll(rest + 1, &rest, 10);
    elements *= (size_t)shape[rank++];
  }
  if (rank == 0 && *rest == ':') rest++;
  if (*rest != ':' || !width) fail("--input takes TYPE:AxBxC:FILE");
  OrtValue *value;
  void *data;
  check(ort->CreateTensorAsOrtValue(allocator, shape, rank, type, &value));
  check(ort->GetTensorMutableData(value, &data));
  FILE *file = fopen(rest + 1, "rb");
  if (!file) fail(strerror(errno));
  if (fread(data, 1, elements * width, file) != elements * width || fgetc(file) != EOF)
    fail("an input file does not have the size of its shape");
  fclose(file);
  return value;
}

struct description {
  ONNXTensorElementDataType type; /* undefined: no tensor of numbers */
  size_t rank, elements;
  int64_t shape[MAX_RANK];
};

static struct description describe(OrtValue *value) {
  struct description found = {.type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED};
  enum ONNXType kind = ONNX_TYPE_UNKNOWN;
  if (value) check(ort->GetValueType(value, &kind));
  if (kind != ONNX_TYPE_TENSOR) return found;
  OrtTensorTypeAndShapeInfo *info;
  ONNXTensorElementDataType type;
  check(ort->GetTensorTypeAndShape(value, &info));
  check(ort->GetTensorElementType(info, &type));
  check(ort->GetDimensionsCount(info, &found.rank));
  check(ort->GetTensorShapeElementCount(info, &found.elements));
  if (found.rank > MAX_RANK) fail("an output has too many dimensions");
  check(ort->GetDimensions(info, found.shape, found.rank));
  ort->ReleaseTensorTypeAndShapeInfo(info);
  if (element_bytes(type)) found.type = type;
  return found;
}

static void write_output(OrtValue *value, const char *folder, size_t index) {
  const struct description found = describe(value);
  void *data;
  if (!element_bytes(found.type)) return;
  check(ort->GetTensorMutableData(value, &data));
  write_file(folder, index, data, found.elements * element_bytes(found.type));
}

/* {"name":…,"type":1,"shape":[…]}; type 0: no tensor of numbers, nothing written. */
static void put_output(const char *name, OrtValue *value) {
  const struct description found = describe(value);
  fputs("{\"name\":", stdout);
  put_string(name);
  printf(",\"type\":%d,\"shape\":[", (int)found.type);
  for (size_t axis = 0; axis < found.rank; axis++) printf("%s%" PRId64, axis ? "," : "", found.shape[axis]);
  fputs("]}", stdout);
}

static GraphOptimizationLevel optimization = ORT_ENABLE_ALL;
static const char *profile, *optimized;

static GraphOptimizationLevel level_of(const char *text) {
  if (!strcmp(text, "basic")) return ORT_ENABLE_BASIC;
  return strcmp(text, "extended") ? ORT_ENABLE_ALL : ORT_ENABLE_EXTENDED;
}

static int take_own(const char *name, const char *value) {
  if (!strcmp(name, "optimization")) optimization = level_of(value);
  else if (!strcmp(name, "profile")) profile = value;
  else if (!strcmp(name, "optimized")) optimized = value;
  else return 0;
  return 1;
}

/* Its weights go nowhere: they are the model's, and there may be no room for them twice. */
static void write_optimized(OrtSessionOptions *session_options, const char *path) {
  static const char data[] = "optimized.data";
  if (symlink("/dev/null", data) && errno != EEXIST) fail(strerror(errno));
  check(ort->SetOptimizedModelFilePath(session_options, path));
  check(ort->AddSessionConfigEntry(session_options, "session.optimized_model_external_initializers_file_name", data));
  check(ort->AddSessionConfigEntry(session_options, "session.optimized_model_external_initializers_min_size_in_bytes",
                                   "1024"));
}

static OrtSession *session;
static size_t inputs, outputs;
static char *input_names[MAX_PORTS], *output_names[MAX_PORTS];
static OrtValue *given[MAX_PORTS], *results[MAX_PORTS];

static void release_results(void) {
  for (size_t o = 0; o < outputs; o++)
    if (results[o]) {
      ort->ReleaseValue(results[o]);
      results[o] = NULL;
    }
}

static void run_session(void) {
  check(ort->Run(session, NULL, (const char *const *)input_names, (const OrtValue *const *)given, inputs,
                 (const char *const *)output_names, outputs, results));
}

int main(int count, char **args) {
  watch_crashes();
  tie_to_input();
  const struct options options = parse(count, args, take_own);

  stage = "cores";
  if (options.cores) bind_cores(options.cores);

  stage = "library";
  setenv("ORT_DISABLE_TELEMETRY", "1", 1); /* read when the environment is created */
  void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!library) fail(dlerror());
  const OrtApiBase *(ORT_API_CALL *get_base)(void);
  *(void **)&get_base = dlsym(library, "OrtGetApiBase");
  if (!get_base) fail(dlerror());
  ort = get_base()->GetApi(API_VERSION);
  if (!ort) fail("the library does not offer version 21 of its API");
  const long baseline_kb = status_kb("VmRSS");

  stage = "load";
  int64_t start = now_ns();
  OrtEnv *environment;
  OrtSessionOptions *session_options;
  check(ort->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "runner", &environment));
  check(ort->DisableTelemetryEvents(environment));
  check(ort->CreateSessionOptions(&session_options));
  check(ort->SetSessionGraphOptimizationLevel(session_options, optimization));
  check(ort->SetIntraOpNumThreads(session_options, (int)options.threads));
  check(ort->SetInterOpNumThreads(session_options, 1));
  if (profile) check(ort->EnableProfiling(session_options, profile));
  if (optimized) write_optimized(session_options, optimized);
  check(ort->CreateSession(environment, options.model, session_options, &session));
  const int64_t load_ns = now_ns() - start;

  stage = "inputs";
  OrtAllocator *allocator;
  check(ort->GetAllocatorWithDefaultOptions(&allocator));
  check(ort->SessionGetInputCount(session, &inputs));
  check(ort->SessionGetOutputCount(session, &outputs));
  if (inputs > MAX_PORTS || outputs > MAX_PORTS) fail("the model has too many inputs or outputs");
  if (inputs != options.input_count) fail("the model takes another number of inputs");
  for (size_t i = 0; i < inputs; i++) {
    check(ort->SessionGetInputName(session, i, allocator, &input_names[i]));
    given[i] = read_input(allocator, options.inputs[i]);
  }
  for (size_t i = 0; i < outputs; i++) check(ort->SessionGetOutputName(session, i, allocator, &output_names[i]));

  stage = "run";
  const int64_t first_ns = time_run(release_results, run_session);
  const struct timed timed = time_runs(&options.timing, first_ns, release_results, run_session);

  stage = "report";
  if (profile) {
    char *written, wanted[4096];
    check(ort->SessionEndProfiling(session, allocator, &written));
    snprintf(wanted, sizeof wanted, "%s.json", profile);
    if (rename(written, wanted)) fail(strerror(errno));
  }
  for (size_t i = 0; options.outputs && i < outputs; i++) write_output(results[i], options.outputs, i);
  fputs("{\"ok\":true,", stdout); /* from here on nothing fails: standard output is one line of JSON */
  put_timed(get_base()->GetVersionString(), load_ns, &timed, baseline_kb);
  fputs(",\"outputs\":[", stdout);
  for (size_t i = 0; i < outputs; i++) {
    if (i) putchar(',');
    put_output(output_names[i], results[i]);
  }
  puts("]}");
  fflush(stdout);
  _exit(0); /* releasing a session takes time and proves nothing */
}
