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
 * they begin the first one, so that a run does not depend on those before it.
 *
 * libtensorflowlite_c is opened with dlopen, as ONNX Runtime is by its runner. */
#define _GNU_SOURCE
#include "common.h"
#include <poll.h>
#include <stdarg.h>
#include <sys/resource.h>
#include "tensorflow/lite/c/c_api.h"
#include "tensorflow/lite/c/common.h"

#define LIBRARY "libtensorflowlite_c.so"

enum {
  MAX_SAID = 2048,       /* of what the library says when it fails */
  MAX_TRACED = 10000000, /* 80 MB of times: operators by runs */
};

/* xnnpack_delegate.h, which the package lacks; the rest is for newer members. */
struct xnnpack_options {
  int32_t threads;
  uint32_t flags;
  void *members[14];
};
enum { XNNPACK_QS8 = 1, XNNPACK_QU8 = 2 };

enum { DEQUANTIZE = 6 }; /* of schema.fbs */

/* The functions of the library, by their names. */
#define FUNCTIONS(F)                     \
  F(TfLiteVersion)                       \
  F(TfLiteModelCreateFromFile)           \
  F(TfLiteInterpreterOptionsCreate)      \
  F(TfLiteInterpreterOptionsSetNumThreads) \
  F(TfLiteInterpreterOptionsSetErrorReporter) \
  F(TfLiteInterpreterCreate)             \
  F(TfLiteInterpreterDelete)             \
  F(TfLiteInterpreterAllocateTensors)    \
  F(TfLiteInterpreterResizeInputTensor)  \
  F(TfLiteInterpreterInvoke)             \
  F(TfLiteInterpreterGetInputTensorCount) \
  F(TfLiteInterpreterGetInputTensor)     \
  F(TfLiteInterpreterGetOutputTensorCount) \
  F(TfLiteInterpreterGetOutputTensor)
#define DECLARE(name) static __typeof__(name) *p_##name;
FUNCTIONS(DECLARE)
/* Of c_api_experimental.h. */
static TfLiteStatus (*modify_graph)(const TfLiteInterpreter *, TfLiteDelegate *);
static TfLiteStatus (*reset_variables)(TfLiteInterpreter *);
static TfLiteDelegate *(*create_xnnpack)(const struct xnnpack_options *);

static char said[MAX_SAID];

/* What the library reports, one after the other; the first is the reason. */
static void report(void *unused, const char *format, va_list args) {
  const size_t length = strlen(said);
  (void)unused;
  if (length + 3 < sizeof said) {
    if (length) strcat(said, "; ");
    vsnprintf(said + strlen(said), sizeof said - strlen(said), format, args);
  }
}

static void check(TfLiteStatus status, const char *otherwise) {
  if (status != kTfLiteOk) fail(*said ? said : otherwise);
}

static void load_library(void) {
  void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!library) fail(dlerror());
#define FIND(name) \
  if (!(*(void **)&p_##name = dlsym(library, #name))) fail(dlerror());
  FUNCTIONS(FIND)
  *(void **)&modify_graph = dlsym(library, "TfLiteInterpreterModifyGraphWithDelegate");
  *(void **)&reset_variables = dlsym(library, "TfLiteInterpreterResetVariableTensors");
  *(void **)&create_xnnpack = dlsym(library, "TfLiteXNNPackDelegateCreate");
  if (!modify_graph || !reset_variables || !create_xnnpack) fail(dlerror());
}

struct options {
  const char *model, *outputs, *cores, *inputs[MAX_PORTS];
  size_t input_count;
  long threads;
  int layers, serve;
  struct timing timing;
};

/* Of addresses, which is a little more than what is resident. */
static void limit_memory(double bytes) {
  struct rlimit limit = {.rlim_cur = (rlim_t)bytes, .rlim_max = (rlim_t)bytes};
  if (bytes >= 1) setrlimit(RLIMIT_AS, &limit);
}

static struct options parse(int count, char **args) {
  struct options options = {.threads = 1, .timing = {.runs = 1}};
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
    else if (take_timing(&options.timing, name, value)) continue;
    else if (!strcmp(name, "outputs")) options.outputs = value;
    else if (!strcmp(name, "layers")) options.layers = 1;
    else if (!strcmp(name, "memory")) limit_memory(strtod(value, NULL));
    else if (!strcmp(name, "serve")) options.serve = 1;
    else if (!strcmp(name, "cores")) options.cores = value;
    else if (!strcmp(name, "input") && options.input_count < MAX_PORTS) options.inputs[options.input_count++] = value;
    else fail("unknown option");
  }
  if (!options.model) fail("no model is given");
  return options;
}

static TfLiteModel *model;
static TfLiteInterpreterOptions *interpreter_options;
static TfLiteInterpreter *interpreter;
static int64_t load_ns;
static int is_delegated; /* whether XNNPACK runs what it can */
static int may_delegate = 1;
static struct xnnpack_options xnnpack = {.flags = XNNPACK_QS8 | XNNPACK_QU8};

/* Shapes of the inputs as they are given. @return where the file's name begins */
static const char *resize_input(int32_t index, const char *spec) {
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
  return rest + 1;
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

/* One operator of what runs, and the clock around it. */
struct traced {
  TfLiteNode *node;
  TfLiteStatus (*invoke)(TfLiteContext *, TfLiteNode *);
  int is_xnnpack, code, place;
  const char *custom;
};
static struct traced *traced;
static int traced_count, last_traced;
static int64_t *traced_ns; /* by run, then by operator */
static long traced_run;
static TfLiteContext *traced_context;

static TfLiteStatus clocked(TfLiteContext *context, TfLiteNode *node) {
  int at = last_traced;
  do at = at + 1 < traced_count ? at + 1 : 0;
  while (traced[at].node != node && at != last_traced);
  last_traced = at;
  const int64_t begin = now_ns();
  const TfLiteStatus status = traced[at].invoke(context, node);
  if (traced_run >= 0) traced_ns[traced_run * traced_count + at] += now_ns() - begin;
  return status;
}

/* Of the file's operators: the one that gives each tensor. */
static int *giver, tensor_count;

static TfLiteStatus note_givers(TfLiteContext *context, TfLiteDelegate *delegate) {
  TfLiteIntArray *plan;
  (void)delegate;
  if (context->GetExecutionPlan(context, &plan)) return kTfLiteError;
  tensor_count = (int)context->tensors_size;
  giver = malloc(sizeof *giver * ((size_t)tensor_count + 1));
  if (!giver) fail("out of memory");
  for (int i = 0; i < tensor_count; i++) giver[i] = -1;
  for (int i = 0; i < plan->size; i++) {
    TfLiteNode *node;
    TfLiteRegistration *registration;
    if (context->GetNodeAndRegistration(context, plan->data[i], &node, &registration)) return kTfLiteError;
    for (int o = 0; o < node->outputs->size; o++)
      if (node->outputs->data[o] >= 0 && node->outputs->data[o] < tensor_count) giver[node->outputs->data[o]] = plan->data[i];
  }
  return kTfLiteOk;
}

/* A delegate that takes nothing and puts a clock around every operator. */
static TfLiteStatus put_clocks(TfLiteContext *context, TfLiteDelegate *delegate) {
  TfLiteIntArray *plan;
  (void)delegate;
  if (context->GetExecutionPlan(context, &plan)) return kTfLiteError;
  traced_count = 0;
  traced = calloc((size_t)plan->size + 1, sizeof *traced);
  if (!traced) fail("out of memory");
  traced_context = context;
  for (int i = 0; i < plan->size; i++) {
    TfLiteNode *node;
    TfLiteRegistration *registration;
    if (context->GetNodeAndRegistration(context, plan->data[i], &node, &registration)) return kTfLiteError;
    const int output = node->outputs->size ? node->outputs->data[0] : -1;
    traced[traced_count++] = (struct traced){
        .node = node,
        .invoke = registration->invoke,
        .is_xnnpack = node->delegate != NULL,
        .code = registration->builtin_code,
        .place = output >= 0 && output < tensor_count && giver[output] >= 0 ? giver[output] : plan->data[i],
        .custom = registration->custom_name,
    };
    registration->invoke = clocked;
  }
  last_traced = traced_count - 1;
  return kTfLiteOk;
}

static TfLiteIntArray *small_plan;

static TfLiteStatus give_small(TfLiteContext *context, TfLiteIntArray **plan) {
  (void)context;
  *plan = small_plan;
  return kTfLiteOk;
}

/* Weights of 8 or 16 bits that an operator of their own widens: XNNPACK takes them only together with what they are the weights of. */
static int widens_constant(TfLiteContext *context, int place) {
  TfLiteNode *node;
  TfLiteRegistration *registration;
  if (place < 0 || context->GetNodeAndRegistration(context, place, &node, &registration)) return 0;
  return registration->builtin_code == DEQUANTIZE && node->inputs->size == 1 &&
         context->tensors[node->inputs->data[0]].allocation_type == kTfLiteMmapRo;
}

/* A delegate that hands XNNPACK one operator after the other, so that each becomes one of its own. */
static TfLiteStatus split(TfLiteContext *context, TfLiteDelegate *delegate) {
  TfLiteIntArray *plan;
  (void)delegate;
  if (context->GetExecutionPlan(context, &plan)) return kTfLiteError;
  const int count = plan->size;
  int *places = malloc(sizeof *places * ((size_t)count + 1));
  small_plan = malloc(sizeof *small_plan + sizeof(int) * (size_t)(count + 1));
  if (!places || !small_plan) fail("out of memory");
  memcpy(places, plan->data, sizeof *places * (size_t)count); /* the plan changes below */
  TfLiteStatus (*whole_plan)(TfLiteContext *, TfLiteIntArray **) = context->GetExecutionPlan;
  TfLiteStatus status = kTfLiteOk;
  /* One for them all: each would have threads of its own, which keep spinning beside the next operator's. */
  TfLiteDelegate *each = create_xnnpack(&xnnpack);
  for (int i = 0; i < count && status == kTfLiteOk; i++) {
    TfLiteNode *node;
    TfLiteRegistration *registration;
    if (widens_constant(context, places[i])) continue;
    if (context->GetNodeAndRegistration(context, places[i], &node, &registration)) return kTfLiteError;
    small_plan->size = 0;
    for (int input = 0; input < node->inputs->size; input++) {
      const int tensor = node->inputs->data[input];
      const int from = tensor >= 0 && tensor < tensor_count ? giver[tensor] : -1;
      int is_new = widens_constant(context, from);
      for (int known = 0; known < small_plan->size; known++) is_new &= small_plan->data[known] != from;
      if (is_new && small_plan->size < count) small_plan->data[small_plan->size++] = from;
    }
    small_plan->data[small_plan->size++] = places[i];
    context->GetExecutionPlan = give_small;
    status = each->Prepare(context, each);
    context->GetExecutionPlan = whole_plan;
  }
  free(places);
  return status;
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
  if (!is_delegated || options->layers) {
    p_TfLiteInterpreterDelete(interpreter);
    *said = 0;
    create_interpreter(options);
    if (options->layers) modify(note_givers, "the operators cannot be looked at");
    if (options->layers && is_delegated) modify(split, "the operators cannot be split up");
    check(p_TfLiteInterpreterAllocateTensors(interpreter), "its tensors cannot be allocated");
    if (options->layers) {
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

/* Each operator: its place in the file, the tensors it gives, and what it took in each run. */
static void put_layers(long runs) {
  fputs(",\"layers\":[", stdout);
  for (int at = 0; at < traced_count; at++) {
    const struct traced *each = &traced[at];
    printf("%s{\"node\":%d,\"code\":%d,\"xnnpack\":%s,\"custom\":", at ? "," : "", each->place, each->code,
           each->is_xnnpack ? "true" : "false");
    put_string(each->is_xnnpack || !each->custom ? "" : each->custom);
    fputs(",\"outputs\":[", stdout);
    for (int o = 0; o < each->node->outputs->size; o++) {
      const int tensor = each->node->outputs->data[o];
      if (o) putchar(',');
      put_string(tensor >= 0 ? traced_context->tensors[tensor].name : "");
    }
    fputs("],\"ns\":[", stdout);
    for (long run = 0; run < runs; run++)
      printf("%s%" PRId64, run ? "," : "", traced_ns[run * traced_count + at]);
    fputs("]}", stdout);
  }
  putchar(']');
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
  const struct options options = parse(count, args);
  if (!options.serve) tie_to_input();

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
  if (options.serve) serve(&options);

  stage = "inputs";
  read_inputs(&options);
  if (options.layers && options.timing.runs * (int64_t)traced_count > MAX_TRACED) fail("the model has too many operators");
  if (options.layers) traced_ns = calloc((size_t)options.timing.runs * (size_t)traced_count + 1, sizeof *traced_ns);
  if (options.layers && !traced_ns) fail("out of memory");

  stage = "run";
  untraced = 1 + options.timing.warm_up;
  const int64_t first_ns = first_run(&options);
  const struct timed timed = time_runs(&options.timing, first_ns, prepare_run, invoke);

  stage = "report";
  if (options.outputs) write_outputs(options.outputs);
  fputs("{\"ok\":true,", stdout); /* from here on nothing fails: standard output is one line of JSON */
  put_timed(p_TfLiteVersion(), load_ns, &timed, baseline_kb);
  printf(",\"xnnpack\":%s,", is_delegated ? "true" : "false");
  put_outputs();
  if (options.layers) put_layers(timed.done);
  puts("}");
  fflush(stdout);
  _exit(0); /* releasing a model takes time and proves nothing */
}
