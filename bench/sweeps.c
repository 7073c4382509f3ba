// One step of an optimizer with k tensors of state by hand, k = 0 … 4: what this machine can do of a sweep that reads and
// writes everything once; 5 is k = 1 with a root and a division, which in the cache take longer than all else.
// `sweeps k n threads pass` prints the seconds per step, best and median; with `pass` 1 the step
// begins by reading the gradient for its norm, as `applyGradients` does.
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// Numbers too small to be normal, which some states decay into, count as 0: no rule here is about them.
#ifdef __x86_64__
#define FLUSH __builtin_ia32_ldmxcsr(0x9fc0)
#define PAUSE __builtin_ia32_pause()
#else
#define FLUSH
#define PAUSE
#endif
#define EACH for (size_t i = from; i < to; i++)
#define STEP static __attribute__((noinline)) void

static float *p, *g, *s[4];
static double norms[2];
static int k, pass;

STEP sgd(float *restrict p, const float *restrict g, size_t from, size_t to) {
  EACH p[i] -= 1e-9f * g[i];
}

STEP momentum(float *restrict p, const float *restrict g, float *restrict m, size_t from, size_t to) {
  EACH { m[i] = .9f * m[i] + g[i]; p[i] -= 1e-9f * m[i]; }
}

STEP rmsprop(float *restrict p, const float *restrict g, float *restrict v, size_t from, size_t to) {
  EACH { v[i] += .1f * (g[i] * g[i] - v[i]); p[i] -= 1e-9f * g[i] / (sqrtf(v[i]) + 1e-8f); }
}

STEP adam(float *restrict p, const float *restrict g, float *restrict m, float *restrict v, size_t from, size_t to) {
  EACH {
    m[i] += .1f * (g[i] - m[i]);
    v[i] += .001f * (g[i] * g[i] - v[i]);
    p[i] -= 1e-9f * m[i] / (sqrtf(v[i]) + 1e-8f);
  }
}

STEP amsgrad(float *restrict p, const float *restrict g, float *restrict m, float *restrict v, float *restrict h, size_t from, size_t to) {
  EACH {
    m[i] += .1f * (g[i] - m[i]);
    v[i] += .001f * (g[i] * g[i] - v[i]);
    h[i] = v[i] > h[i] ? v[i] : h[i];
    p[i] -= 1e-9f * m[i] / (sqrtf(h[i]) + 1e-8f);
  }
}

STEP adan(float *restrict p, const float *restrict g, float *restrict m, float *restrict d, float *restrict v, float *restrict b, size_t from, size_t to) {
  EACH {
    float change = g[i] - b[i], ahead = g[i] + .08f * change;
    m[i] += .02f * (g[i] - m[i]);
    d[i] += .08f * (change - d[i]);
    v[i] += .01f * (ahead * ahead - v[i]);
    b[i] = g[i];
    p[i] -= (1e-9f * m[i] + 1e-10f * d[i]) / (sqrtf(v[i]) + 1e-8f);
  }
}

// In sixteen sums: one would wait for itself.
static __attribute__((noinline)) double squares(const float *g, size_t from, size_t to) {
  double sums[16] = {0}, total = 0;
  for (size_t i = from; i + 16 <= to; i += 16) for (int j = 0; j < 16; j++) sums[j] += (double)g[i + j] * g[i + j];
  for (int j = 0; j < 16; j++) total += sums[j];
  return total;
}

static void part(int thread, size_t from, size_t to) {
  if (pass) norms[thread] = squares(g, from, to);
  switch (k) {
    case 0: sgd(p, g, from, to); break;
    case 1: momentum(p, g, s[0], from, to); break;
    case 2: adam(p, g, s[0], s[1], from, to); break;
    case 3: amsgrad(p, g, s[0], s[1], s[2], from, to); break;
    case 4: adan(p, g, s[0], s[1], s[2], s[3], from, to); break;
    case 5: rmsprop(p, g, s[0], from, to); break;
  }
}

// The second thread waits for its turn without sleeping; where others want the processor, both let them.
static void rest(int *waited) {
  if (++*waited > 20000) sched_yield(); else PAUSE;
}
static size_t half, count;
static atomic_int turn, done;
static void *second(void *unused) {
  FLUSH;
  for (int seen = 0;; atomic_store(&done, seen)) {
    int waited = 0;
    while (atomic_load(&turn) == seen) rest(&waited);
    seen++;
    part(1, half, count);
  }
  return unused;
}

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + 1e-9 * t.tv_nsec; }
static void once(int threads) {
  if (threads == 1) { part(0, 0, count); return; }
  int mine = atomic_fetch_add(&turn, 1) + 1;
  part(0, 0, half);
  int waited = 0;
  while (atomic_load(&done) != mine) rest(&waited);
}
static double steps(int threads, long times) {
  double start = now();
  for (long i = 0; i < times; i++) once(threads);
  return (now() - start) / times;
}
static int ascending(const void *a, const void *b) { double d = *(double *)a - *(double *)b; return (d > 0) - (d < 0); }
static float *filled(float x) {
  float *made = aligned_alloc(64, (4 * count + 63) / 64 * 64);
  for (size_t i = 0; i < count; i++) made[i] = x * (1 + (i % 7) * .1f);
  return made;
}

int main(int words, char **word) {
  if (words < 5) return 1;
  FLUSH;
  k = atoi(word[1]), count = strtoull(word[2], 0, 10), pass = atoi(word[4]);
  int threads = atoi(word[3]);
  half = count / 2 & ~15ul;
  p = filled(1), g = filled(.01f);
  for (int i = 0; i < 4; i++) s[i] = filled(.01f);
  pthread_t other;
  if (threads == 2) pthread_create(&other, 0, second, 0);
  double one = steps(threads, 3), seconds[400], start = now();
  long times = one > .002 ? 1 : .002 / one + 1;
  int made = 0;
  while (made < 5 || (made < 400 && now() - start < .25)) seconds[made++] = steps(threads, times);
  qsort(seconds, made, sizeof *seconds, ascending);
  printf("{\"best\":%.9g,\"median\":%.9g,\"kept\":%g}\n", seconds[0], seconds[made / 2], p[count / 3] + norms[0]);
  return 0;
}
