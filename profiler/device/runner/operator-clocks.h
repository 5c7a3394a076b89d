/* A clock around each operator of a TFLite model, and XNNPACK's part of it one operator at a time, so that there is one to clock. */
#ifndef EDGEWISE_RUNNER_OPERATOR_CLOCKS_H
#define EDGEWISE_RUNNER_OPERATOR_CLOCKS_H
#include "tflite-library.h"

enum { MAX_TRACED = 10000000 }; /* 80 MB of times: operators by runs */
enum { DEQUANTIZE = 6 }; /* of schema.fbs */

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

/* Room for the times of so many runs. Once operators are as they stay: a model that is opened anew has others. */
static void keep_times(long runs) {
  if (runs * (int64_t)traced_count > MAX_TRACED) fail("the model has too many operators");
  traced_ns = calloc((size_t)runs * (size_t)traced_count + 1, sizeof *traced_ns);
  if (!traced_ns) fail("out of memory");
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

#endif
