/* The command line of both runners. */
#ifndef EDGEWISE_RUNNER_OPTIONS_H
#define EDGEWISE_RUNNER_OPTIONS_H
#include "common.h"

/* What both take. */
struct options {
  const char *model, *outputs, *cores, *inputs[MAX_PORTS];
  size_t input_count;
  long threads;
  struct timing timing;
};

static long whole(const char *text, long least, long most) {
  char *end;
  long value = strtol(text, &end, 10);
  if (end == text || *end || value < least || value > most) fail("an option's number is out of range");
  return value;
}

/* The option of a name, if it is one of timing. */
static int take_timing(struct timing *timing, const char *name, const char *value) {
  if (!strcmp(name, "warm-up")) timing->warm_up = whole(value, 0, MAX_TIMED);
  else if (!strcmp(name, "runs")) timing->runs = whole(value, 1, MAX_TIMED);
  else if (!strcmp(name, "budget")) timing->budget = strtod(value, NULL);
  else if (!strcmp(name, "seconds")) timing->seconds = strtod(value, NULL);
  else return 0;
  return 1;
}

/* @param take_own takes an option that only this runner has. Returns whether it is one */
static struct options parse(int count, char **args, int (*take_own)(const char *name, const char *value)) {
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
    else if (!strcmp(name, "outputs")) options.outputs = value;
    else if (!strcmp(name, "cores")) options.cores = value;
    else if (!strcmp(name, "input") && options.input_count < MAX_PORTS) options.inputs[options.input_count++] = value;
    else if (!take_timing(&options.timing, name, value) && !take_own(name, value)) fail("unknown option");
  }
  if (!options.model) fail("no model is given");
  return options;
}

#endif
