/* tflite-runner: runs a TFLite model with TFLite's C API and prints one line of JSON.
 *
 *   tflite-runner MODEL --threads N --warm-up N --runs N
 *          [--budget SECONDS]      stop timing after so long, though not before MIN_RUNS
 *          [--seconds SECONDS]     time nothing: run for so long instead of N times
 *          [--input AxBxC:FILE]... one an input in the model's order, of the model's own element type
 *          [--outputs DIR]         write output I of the last run to DIR/output_I.bin
 *          [--layers yes]          hand XNNPACK one operator at a time and clock each
 *          [--cores I,J,…]         bind all threads to these cores
 *          [--memory BYTES]        that it may take
 *   tflite-runner MODEL --threads N --serve yes [--input AxBxC:]...
 *          answer what comes on standard input: the elements of all inputs, one behind the other. Each answer is a line of JSON and,
 *          behind it, the elements of all outputs.
 *
 * Standard output: {"ok":true,…}, or {"ok":false,"stage":…,"error":…} with exit code 2, or 3 after a crash inside the library.
 * Standard error: "progress PHASE DONE TOTAL" lines. Standard input ties it to whoever asked: when that closes the runner ends at once.
 *
 * XNNPACK takes what it can of the model, quantized operators too; TFLite's own kernels run the rest. Variable tensors begin each run as
 * they begin the first one, so that a run does not depend on those before it. */
#define _GNU_SOURCE
#include "operator-clocks.h"
#include "options.h"
#include "tflite-library.h"
#include <poll.h>
#include <sys/resource.h>

static int clocks_layers, serves;

/* Of addresses, which is a little more than what is resident. */
static void limit_memory(double bytes) {
  struct rlimit limit = {.rlim_cur = (rlim_t)bytes, .rlim_max = (rlim_t)bytes};
  if (bytes >= 1) setrlimit(RLIMIT_AS, &limit);
}

static int take_own(const char *name, const char *value) {
  if (!strcmp(name, "layers")) clocks_layers = 1;
  else if (!strcmp(name, "serve")) serves = 1;
  else if (!strcmp(name, "memory")) limit_memory(strtod(value, NULL));
  else return 0;
  return 1;
}

static TfLiteModel *model;
static TfLiteInterpreterOptions *interpreter_options;
static TfLiteInterpreter *interpreter;
static int64_t load_ns;
static int is_delegated; /* whether XNNPACK runs what it can */
static int may_delegate = 1;

/* Shapes of the inputs as they are given. */
static void resize_input(int32_t index, const char *spec) {
  int shape[MAX_RANK], rank = 0;
  char *rest = (char *)spec;
  while (*rest != ':') {
    if (rank == MAX_RANK) fail("an input has too many dimensions");
    shape[rank++] = (int)strtol(rest, &rest, 10);
    if (*rest == 'x') rest++;
    else if (*rest != ':') fail("--input takes AxBxC:FILE");
  }
  const TfLiteTensor *tensor = p_TfLiteInterpreterGetInputTensor(interpreter, index);
  int alike = tensor->dims->size == rank;
  for (int axis = 0; alike && axis < rank; axis++) alike = tensor->dims->data[axis] == shape[axis];
  if (!alike) check(p_TfLiteInterpreterResizeInputTensor(interpreter, index, shape, rank), "an input cannot be resized");
}

static void create_interpreter(const struct options *options) {
  interpreter = p_TfLiteInterpreterCreate(model, interpreter_options);
  if (!interpreter) fail(*said ? said : "it is no model that this version of TFLite reads");
  const int32_t inputs = p_TfLiteInterpreterGetInputTensorCount(interpreter);
  if (inputs > MAX_PORTS || p_TfLiteInterpreterGetOutputTensorCount(interpreter) > MAX_PORTS)
    fail("the model has too many inputs or outputs");
  if (options->input_count && (size_t)inputs != options->input_count) fail("the model takes another number of inputs");
  for (int32_t i = 0; (size_t)i < options->input_count; i++) resize_input(i, options->inputs[i]);
}

static void modify(TfLiteStatus (*prepare)(TfLiteContext *, TfLiteDelegate *), const char *otherwise) {
  TfLiteDelegate *delegate = calloc(1, sizeof *delegate);
  if (!delegate) fail("out of memory");
  delegate->Prepare = prepare;
  delegate->flags = kTfLiteDelegateFlagsAllowDynamicTensors;
  check(modify_graph(interpreter, delegate), otherwise);
}

/* Gives XNNPACK what it takes. @return whether it takes models of this kind: none with tensors whose sizes only a run tells */
static int delegate_whole(void) {
  TfLiteDelegate *delegate = create_xnnpack(&xnnpack);
  const int taken = delegate && modify_graph(interpreter, delegate) == kTfLiteOk;
  if (taken && p_TfLiteInterpreterAllocateTensors(interpreter) == kTfLiteOk) return 1;
  return 0;
}

static void open_model(const struct options *options) {
  const int64_t start = now_ns();
  create_interpreter(options);
  is_delegated = may_delegate && delegate_whole();
  if (!is_delegated || clocks_layers) {
    p_TfLiteInterpreterDelete(interpreter);
    *said = 0;
    create_interpreter(options);
    if (clocks_layers) modify(note_givers, "the operators cannot be looked at");
    if (clocks_layers && is_delegated) modify(split, "the operators cannot be split up");
    check(p_TfLiteInterpreterAllocateTensors(interpreter), "its tensors cannot be allocated");
    if (clocks_layers) {
      modify(put_clocks, "the operators cannot be clocked");
      check(p_TfLiteInterpreterAllocateTensors(interpreter), "its tensors cannot be allocated");
    }
  }
  load_ns = now_ns() - start;
}

/* Types whose elements are bytes that can be handed on. */
static int is_numeric(const TfLiteTensor *tensor) {
  switch (tensor->type) {
    case kTfLiteNoType:
    case kTfLiteString:
    case kTfLiteResource:
    case kTfLiteVariant: return 0;
    default: return 1;
  }
}

static char *given[MAX_PORTS];

static void read_inputs(const struct options *options) {
  if ((size_t)p_TfLiteInterpreterGetInputTensorCount(interpreter) != options->input_count)
    fail("the model takes another number of inputs");
  for (int32_t i = 0; (size_t)i < options->input_count; i++) {
    const TfLiteTensor *tensor = p_TfLiteInterpreterGetInputTensor(interpreter, i);
    FILE *file = fopen(strchr(options->inputs[i], ':') + 1, "rb");
    if (!file) fail(strerror(errno));
    given[i] = malloc(tensor->bytes + 1);
    if (!given[i]) fail("out of memory");
    if (!is_numeric(tensor)) fail("an input is no tensor of numbers");
    if (fread(given[i], 1, tensor->bytes + 1, file) != tensor->bytes)
      fail("an input file does not have the size of its shape");
    fclose(file);
  }
}

/* {"name":…,"type":1,"shape":[…]}; type 0: no tensor of numbers, nothing written. */
static void put_port(const TfLiteTensor *tensor) {
  fputs("{\"name\":", stdout);
  put_string(tensor->name);
  printf(",\"type\":%d,\"shape\":[", is_numeric(tensor) ? (int)tensor->type : 0);
  for (int axis = 0; axis < tensor->dims->size; axis++) printf("%s%d", axis ? "," : "", tensor->dims->data[axis]);
  fputs("]}", stdout);
}

static void put_ports(const char *key, int32_t count, const TfLiteTensor *(*get)(int32_t)) {
  printf("\"%s\":[", key);
  for (int32_t i = 0; i < count; i++) {
    if (i) putchar(',');
    put_port(get(i));
  }
  putchar(']');
}

static const TfLiteTensor *input_at(int32_t index) {
  return p_TfLiteInterpreterGetInputTensor(interpreter, index);
}

static const TfLiteTensor *output_at(int32_t index) {
  return p_TfLiteInterpreterGetOutputTensor(interpreter, index);
}

static void put_inputs(void) {
  put_ports("inputs", p_TfLiteInterpreterGetInputTensorCount(interpreter), input_at);
}

static void put_outputs(void) {
  put_ports("outputs", p_TfLiteInterpreterGetOutputTensorCount(interpreter), output_at);
}


static long begun; /* runs so far */
static long untraced; /* of them, those before the ones that are timed */

/* As every run begins: inputs are written anew, since their memory may be used again once they are read. */
static void prepare_run(void) {
  check(reset_variables(interpreter), "its variables cannot be reset");
  for (int32_t i = 0; i < p_TfLiteInterpreterGetInputTensorCount(interpreter); i++) {
    TfLiteTensor *tensor = p_TfLiteInterpreterGetInputTensor(interpreter, i);
    if (tensor->bytes) memcpy(tensor->data.raw, given[i], tensor->bytes);
  }
  traced_run = begun++ - untraced;
}

static void invoke(void) {
  check(p_TfLiteInterpreterInvoke(interpreter), "it failed");
}

static TfLiteStatus first_status;

static void try_invoke(void) {
  first_status = p_TfLiteInterpreterInvoke(interpreter);
}

/* The first run. What XNNPACK takes when a model is loaded it may still refuse when that runs: then it has no part in it. */
static int64_t first_run(const struct options *options) {
  const int64_t ns = time_run(prepare_run, try_invoke);
  if (first_status == kTfLiteOk) return ns;
  if (!is_delegated) check(first_status, "it failed");
  *said = 0;
  begun = 0;
  may_delegate = 0;
  p_TfLiteInterpreterDelete(interpreter);
  open_model(options);
  return time_run(prepare_run, invoke);
}

static void write_outputs(const char *folder) {
  for (int32_t i = 0; i < p_TfLiteInterpreterGetOutputTensorCount(interpreter); i++) {
    const TfLiteTensor *tensor = output_at(i);
    if (is_numeric(tensor)) write_file(folder, (size_t)i, tensor->data.raw, tensor->bytes);
  }
}

static int read_all(char *to, size_t bytes) {
  while (bytes) {
    const ssize_t got = read(0, to, bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    to += got;
    bytes -= (size_t)got;
  }
  return 1;
}

/* What comes is for others to read: only the end of whoever asks is watched. */
static void *end_with_asker(void *unused) {
  struct pollfd input = {.fd = 0, .events = 0};
  while (poll(&input, 1, -1) < 0 && errno == EINTR) continue;
  _exit(0);
  return unused;
}

/* Runs the model on what comes until nothing comes any more. */
static _Noreturn void serve(const struct options *options) {
  const int32_t inputs = p_TfLiteInterpreterGetInputTensorCount(interpreter);
  pthread_t watch;
  if (pthread_create(&watch, NULL, end_with_asker, NULL)) fail("no thread can be started");
  for (int32_t i = 0; i < inputs; i++) {
    if (!is_numeric(input_at(i))) fail("an input is no tensor of numbers");
    given[i] = malloc(input_at(i)->bytes + 1);
    if (!given[i]) fail("out of memory");
  }
  fputs("{\"ok\":true,\"version\":", stdout);
  put_string(p_TfLiteVersion());
  putchar(',');
  put_inputs();
  putchar(',');
  put_outputs();
  puts("}");
  fflush(stdout);
  for (;;) {
    stage = "inputs";
    for (int32_t i = 0; i < inputs; i++)
      if (!read_all(given[i], input_at(i)->bytes)) _exit(0);
    if (inputs == 0 && !read_all((char[1]){0}, 1)) _exit(0);
    stage = "run";
    if (begun) time_run(prepare_run, invoke);
    else first_run(options);
    stage = "report";
    fputs("{\"ok\":true,", stdout);
    put_outputs();
    puts("}");
    for (int32_t i = 0; i < p_TfLiteInterpreterGetOutputTensorCount(interpreter); i++) {
      const TfLiteTensor *tensor = output_at(i);
      if (is_numeric(tensor)) fwrite(tensor->data.raw, 1, tensor->bytes, stdout);
    }
    fflush(stdout);
  }
}

int main(int count, char **args) {
  watch_crashes();
  const struct options options = parse(count, args, take_own);
  if (!serves) tie_to_input();

  stage = "cores";
  if (options.cores) bind_cores(options.cores);

  stage = "library";
  load_library();
  const long baseline_kb = status_kb("VmRSS");

  stage = "load";
  model = p_TfLiteModelCreateFromFile(options.model);
  if (!model) fail("it is no model that this version of TFLite reads");
  interpreter_options = p_TfLiteInterpreterOptionsCreate();
  p_TfLiteInterpreterOptionsSetNumThreads(interpreter_options, (int32_t)options.threads);
  p_TfLiteInterpreterOptionsSetErrorReporter(interpreter_options, report, NULL);
  xnnpack.threads = (int32_t)options.threads;
  open_model(&options);
  if (serves) serve(&options);

  stage = "inputs";
  read_inputs(&options);

  stage = "run";
  untraced = 1 + options.timing.warm_up;
  const int64_t first_ns = first_run(&options);
  if (clocks_layers) keep_times(options.timing.runs);
  const struct timed timed = time_runs(&options.timing, first_ns, prepare_run, invoke);

  stage = "report";
  if (options.outputs) write_outputs(options.outputs);
  fputs("{\"ok\":true,", stdout); /* from here on nothing fails: standard output is one line of JSON */
  put_timed(p_TfLiteVersion(), load_ns, &timed, baseline_kb);
  printf(",\"xnnpack\":%s,", is_delegated ? "true" : "false");
  put_outputs();
  if (clocks_layers) put_layers(timed.done);
  puts("}");
  fflush(stdout);
  _exit(0); /* releasing a model takes time and proves nothing */
}