/* runner: runs an ONNX model on a phone with ONNX Runtime's C API and prints one line of JSON.
 *
 *   runner MODEL --threads N --optimization basic|extended|all --warm-up N --runs N
 *          [--budget SECONDS]      stop timing after so long, though not before MIN_RUNS
 *          [--seconds SECONDS]     time nothing: run for so long instead of N times
 *          [--input TYPE:AxBxC:FILE]...  one an input in the model's order; TYPE is an ONNXTensorElementDataType
 *          [--outputs DIR]         write output I of the last run to DIR/output_I.bin
 *          [--profile PREFIX]      ONNX Runtime's profile, to PREFIX.json
 *          [--cores I,J,…]         bind all threads to these cores
 *
 * Standard output: {"ok":true,…}, or {"ok":false,"stage":…,"error":…} with exit code 2, or 3 after a crash inside the library.
 * Standard error: "progress PHASE DONE TOTAL" lines. Standard input ties it to the computer: when that closes (cancelled, unplugged,
 * adb gone), the runner ends at once.
 *
 * libonnxruntime is opened with dlopen: linking would bind the versioned symbol OrtGetApiBase@VERS_1.x.y and so one release. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "onnxruntime_c_api.h"

enum {
  MAX_PORTS = 256,      /* inputs or outputs: more than any model of a phone has */
  MAX_RANK = 32,
  MAX_TIMED = 1000000,  /* 8 MB of times */
  MIN_RUNS = 5,         /* fewer say nothing of the spread */
  PROGRESS_MS = 100,
};
#define API_VERSION 21  /* of ONNX Runtime 1.21, whose header Debian has; newer libraries offer it too */
#define LIBRARY "libonnxruntime.so.1"

enum { EXIT_FAILED = 2, EXIT_CRASHED = 3, EXIT_UNTIED = 4 };

static const OrtApi *ort;
static const char *volatile stage = "start";

static void put_string(const char *text) {
  putchar('"');
  for (const unsigned char *c = (const unsigned char *)text; c && *c; c++) {
    if (*c == '"' || *c == '\\') printf("\\%c", *c);
    else if (*c < 0x20) printf("\\u%04x", *c);
    else putchar(*c);
  }
  putchar('"');
}

static _Noreturn void fail(const char *error) {
  fputs("{\"ok\":false,\"stage\":", stdout);
  put_string(stage);
  fputs(",\"error\":", stdout);
  put_string(error);
  puts("}");
  fflush(stdout);
  _exit(EXIT_FAILED);
}

static void check(OrtStatus *status) {
  if (status) fail(ort->GetErrorMessage(status));
}

/* A crash in the library still yields a line of JSON; only calls that are safe in a signal handler. */
static void on_crash(int number) {
  static const char head[] = "{\"ok\":false,\"stage\":\"", middle[] = "\",\"signal\":", tail[] = "}\n";
  const char digits[2] = {(char)('0' + number / 10), (char)('0' + number % 10)};
  const char *where = stage;
  ssize_t written = write(1, head, sizeof head - 1);
  written = write(1, where, strlen(where));
  written = write(1, middle, sizeof middle - 1);
  written = number < 10 ? write(1, digits + 1, 1) : write(1, digits, 2);
  written = write(1, tail, sizeof tail - 1);
  (void)written;
  _exit(EXIT_CRASHED);
}

static void *end_with_input(void *unused) {
  char byte;
  ssize_t got;
  do got = read(0, &byte, 1);
  while (got > 0 || (got < 0 && errno == EINTR));
  _exit(EXIT_UNTIED);
  return unused;
}

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void progress(const char *phase, long done, long total) {
  static int64_t last;
  int64_t now = now_ns();
  if (done != total && now - last < PROGRESS_MS * 1000000ll) return;
  last = now;
  fprintf(stderr, "progress %s %ld %ld\n", phase, done, total);
}

/* A line "VmHWM:  123 kB"; -1 where /proc does not tell. */
static long status_kb(const char *key) {
  FILE *file = fopen("/proc/self/status", "r");
  char line[256];
  long value = -1;
  size_t length = strlen(key);
  if (!file) return -1;
  while (fgets(line, sizeof line, file))
    if (!strncmp(line, key, length) && line[length] == ':') {
      value = strtol(line + length + 1, NULL, 10);
      break;
    }
  fclose(file);
  return value;
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

static void write_file(const char *folder, size_t index, const void *data, size_t bytes) {
  char path[4096];
  snprintf(path, sizeof path, "%s/output_%zu.bin", folder, index);
  FILE *file = fopen(path, "wb");
  if (!file) fail(strerror(errno));
  if (fwrite(data, 1, bytes, file) != bytes || fclose(file)) fail(strerror(errno));
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

static void bind_cores(const char *list) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const char *at = list; *at;) {
    char *end;
    long core = strtol(at, &end, 10);
    if (end == at || core < 0 || core >= CPU_SETSIZE) fail("--cores takes numbers with commas between");
    CPU_SET((int)core, &set);
    at = *end ? end + 1 : end;
  }
  if (sched_setaffinity(0, sizeof set, &set)) fail(strerror(errno)); /* threads that start later inherit it */
}

struct options {
  const char *model, *outputs, *profile, *cores, *inputs[MAX_PORTS];
  size_t input_count;
  long threads, warm_up, runs;
  double budget, seconds;
  GraphOptimizationLevel optimization;
};

static long whole(const char *text, long least, long most) {
  char *end;
  long value = strtol(text, &end, 10);
  if (end == text || *end || value < least || value > most) fail("an option's number is out of range");
  return value;
}

static GraphOptimizationLevel level_of(const char *text) {
  if (!strcmp(text, "basic")) return ORT_ENABLE_BASIC;
  return strcmp(text, "extended") ? ORT_ENABLE_ALL : ORT_ENABLE_EXTENDED;
}

static struct options parse(int count, char **args) {
  struct options options = {.threads = 1, .runs = 1, .optimization = ORT_ENABLE_ALL};
  stage = "options";
  for (int i = 1; i < count; i++) {
    if (strncmp(args[i], "--", 2)) {
      options.model = args[i];
      continue;
    }
    const char *name = args[i] + 2;
    if (i + 1 == count) fail("an option has no value");
    const char *value = args[++i];
    if (!strcmp(name, "threads")) options.threads = whole(value, 1, 1024);
    else if (!strcmp(name, "warm-up")) options.warm_up = whole(value, 0, MAX_TIMED);
    else if (!strcmp(name, "runs")) options.runs = whole(value, 1, MAX_TIMED);
    else if (!strcmp(name, "budget")) options.budget = strtod(value, NULL);
    else if (!strcmp(name, "seconds")) options.seconds = strtod(value, NULL);
    else if (!strcmp(name, "optimization")) options.optimization = level_of(value);
    else if (!strcmp(name, "outputs")) options.outputs = value;
    else if (!strcmp(name, "profile")) options.profile = value;
    else if (!strcmp(name, "cores")) options.cores = value;
    else if (!strcmp(name, "input") && options.input_count < MAX_PORTS) options.inputs[options.input_count++] = value;
    else fail("unknown option");
  }
  if (!options.model) fail("no model is given");
  return options;
}

int main(int count, char **args) {
  static const int crashes[] = {SIGSEGV, SIGILL, SIGBUS, SIGFPE, SIGABRT};
  for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) signal(crashes[i], on_crash);
  pthread_t tie;
  if (pthread_create(&tie, NULL, end_with_input, NULL)) fail("no thread can be started");
  const struct options options = parse(count, args);

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
  OrtSession *session;
  check(ort->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "runner", &environment));
  check(ort->DisableTelemetryEvents(environment));
  check(ort->CreateSessionOptions(&session_options));
  check(ort->SetSessionGraphOptimizationLevel(session_options, options.optimization));
  check(ort->SetIntraOpNumThreads(session_options, (int)options.threads));
  check(ort->SetInterOpNumThreads(session_options, 1));
  if (options.profile) check(ort->EnableProfiling(session_options, options.profile));
  check(ort->CreateSession(environment, options.model, session_options, &session));
  const int64_t load_ns = now_ns() - start;

  stage = "inputs";
  OrtAllocator *allocator;
  size_t inputs, outputs;
  char *input_names[MAX_PORTS], *output_names[MAX_PORTS];
  OrtValue *given[MAX_PORTS] = {0}, *results[MAX_PORTS] = {0};
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
  const long timed = options.seconds > 0 ? 0 : options.runs;
  int64_t *times = calloc((size_t)timed + 1, sizeof *times);
  if (!times) fail("out of memory");
  const long before = 1 + options.warm_up; /* the first run is told apart */
  int64_t first_ns = 0, loop_start = 0, loop_ns = 0;
  long done = 0;
  for (long i = -before;; i++) {
    if (i == 0) loop_start = now_ns();
    if (i >= 0) {
      loop_ns = now_ns() - loop_start;
      const double elapsed = (double)loop_ns / 1e9;
      if (options.seconds > 0 ? elapsed >= options.seconds : i >= timed) break;
      if (options.budget > 0 && i >= MIN_RUNS && elapsed >= options.budget) break;
    }
    for (size_t o = 0; o < outputs; o++)
      if (results[o]) {
        ort->ReleaseValue(results[o]);
        results[o] = NULL;
      }
    const int64_t begin = now_ns();
    check(ort->Run(session, NULL, (const char *const *)input_names, (const OrtValue *const *)given, inputs,
                   (const char *const *)output_names, outputs, results));
    const int64_t taken = now_ns() - begin;
    if (i == -before) first_ns = taken;
    if (i >= 0 && timed) times[i] = taken;
    if (i >= 0) done = i + 1;
    if (i < 0) progress("warm-up", i + before + 1, before);
    else if (timed) progress("run", done, timed);
    else progress("seconds", (long)((double)(now_ns() - loop_start) / 1e9), (long)options.seconds);
  }

  stage = "report";
  if (options.profile) {
    char *written, wanted[4096];
    check(ort->SessionEndProfiling(session, allocator, &written));
    snprintf(wanted, sizeof wanted, "%s.json", options.profile);
    if (rename(written, wanted)) fail(strerror(errno));
  }
  for (size_t i = 0; options.outputs && i < outputs; i++) write_output(results[i], options.outputs, i);
  fputs("{\"ok\":true,\"version\":", stdout); /* from here on nothing fails: standard output is one line of JSON */
  put_string(get_base()->GetVersionString());
  printf(",\"loadNs\":%" PRId64 ",\"firstNs\":%" PRId64 ",\"loopNs\":%" PRId64 ",\"runs\":%ld,\"runNs\":[", load_ns, first_ns,
         loop_ns, done);
  for (long i = 0; timed && i < done; i++) printf("%s%" PRId64, i ? "," : "", times[i]);
  printf("],\"baselineKb\":%ld,\"peakKb\":%ld,\"outputs\":[", baseline_kb, status_kb("VmHWM"));
  for (size_t i = 0; i < outputs; i++) {
    if (i) putchar(',');
    put_output(output_names[i], results[i]);
  }
  puts("]}");
  fflush(stdout);
  _exit(0); /* releasing a session takes time and proves nothing */
}
