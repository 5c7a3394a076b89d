/* libtensorflowlite_c, opened with dlopen as ONNX Runtime is by its runner: its functions, and what it says when it fails. */
#ifndef EDGEWISE_RUNNER_TFLITE_LIBRARY_H
#define EDGEWISE_RUNNER_TFLITE_LIBRARY_H
#include <stdarg.h>
#include "common.h"
#include "tensorflow/lite/c/c_api.h"
#include "tensorflow/lite/c/common.h"

#define LIBRARY "libtensorflowlite_c.so"

enum { MAX_SAID = 2048 }; /* of what the library says when it fails */

/* xnnpack_delegate.h, which the package lacks; the rest is for newer members. */
struct xnnpack_options {
  int32_t threads;
  uint32_t flags;
  void *members[14];
};
enum { XNNPACK_QS8 = 1, XNNPACK_QU8 = 2 };

/* As every delegate here is made, but for its threads. */
static struct xnnpack_options xnnpack = {.flags = XNNPACK_QS8 | XNNPACK_QU8};

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

#endif
