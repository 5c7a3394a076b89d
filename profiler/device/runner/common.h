/* What the runners of ONNX Runtime and of TFLite share: answers as one line of JSON, crashes told as such, the tie to the computer, and
 * the loop that times runs. Static functions, since each runner is one program compiled at once. */
#ifndef EDGEWISE_RUNNER_COMMON_H
#define EDGEWISE_RUNNER_COMMON_H
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

enum {
  MAX_PORTS = 256,      /* inputs or outputs: more than any model of a phone has */
  MAX_RANK = 32,
  MAX_TIMED = 1000000,  /* 8 MB of times */
  MIN_RUNS = 5,         /* fewer say nothing of the spread */
  PROGRESS_MS = 100,
};
enum { EXIT_FAILED = 2, EXIT_CRASHED = 3, EXIT_UNTIED = 4 };

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

static void write_file(const char *folder, size_t index, const void *data, size_t bytes) {
  char path[4096];
  snprintf(path, sizeof path, "%s/output_%zu.bin", folder, index);
  FILE *file = fopen(path, "wb");
  if (!file) fail(strerror(errno));
  if (fwrite(data, 1, bytes, file) != bytes || fclose(file)) fail(strerror(errno));
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

/* How often a model is run, and for how long. */
struct timing {
  long warm_up, runs;
  double budget, seconds;
};

struct timed {
  int64_t *ns; /* of each timed run; none when it ran for so many seconds */
  int64_t first_ns, loop_ns;
  long timed, done;
};

/* One run. `prepare` is in no time. */
static int64_t time_run(void (*prepare)(void), void (*run)(void)) {
  prepare();
  const int64_t begin = now_ns();
  run();
  return now_ns() - begin;
}

/* All runs behind the first one, which is told apart; warm-ups are not told. */
static struct timed time_runs(const struct timing *timing, int64_t first_ns, void (*prepare)(void), void (*run)(void)) {
  struct timed result = {.first_ns = first_ns, .timed = timing->seconds > 0 ? 0 : timing->runs};
  result.ns = calloc((size_t)result.timed + 1, sizeof *result.ns);
  if (!result.ns) fail("out of memory");
  int64_t loop_start = 0;
  for (long i = -timing->warm_up;; i++) {
    if (i == 0) loop_start = now_ns();
    if (i >= 0) {
      result.loop_ns = now_ns() - loop_start;
      const double elapsed = (double)result.loop_ns / 1e9;
      if (timing->seconds > 0 ? elapsed >= timing->seconds : i >= result.timed) break;
      if (timing->budget > 0 && i >= MIN_RUNS && elapsed >= timing->budget) break;
    }
    const int64_t taken = time_run(prepare, run);
    if (i >= 0 && result.timed) result.ns[i] = taken;
    if (i >= 0) result.done = i + 1;
    if (i < 0) progress("warm-up", i + timing->warm_up + 1, timing->warm_up);
    else if (result.timed) progress("run", result.done, result.timed);
    else progress("seconds", (long)((double)(now_ns() - loop_start) / 1e9), (long)timing->seconds);
  }
  return result;
}

/* "version":…,"loadNs":…,…: what both runners tell, up to the outputs. */
static void put_timed(const char *version, int64_t load_ns, const struct timed *timed, long baseline_kb) {
  fputs("\"version\":", stdout);
  put_string(version);
  printf(",\"loadNs\":%" PRId64 ",\"firstNs\":%" PRId64 ",\"loopNs\":%" PRId64 ",\"runs\":%ld,\"runNs\":[", load_ns,
         timed->first_ns, timed->loop_ns, timed->done);
  for (long i = 0; timed->timed && i < timed->done; i++) printf("%s%" PRId64, i ? "," : "", timed->ns[i]);
  printf("],\"baselineKb\":%ld,\"peakKb\":%ld", baseline_kb, status_kb("VmHWM"));
}

static void watch_crashes(void) {
  static const int crashes[] = {SIGSEGV, SIGILL, SIGBUS, SIGFPE, SIGABRT};
  for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) signal(crashes[i], on_crash);
}

static void tie_to_input(void) {
  pthread_t tie;
  if (pthread_create(&tie, NULL, end_with_input, NULL)) fail("no thread can be started");
}

#endif
