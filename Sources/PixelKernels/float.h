// The float kernels for vectors of FLOAT_BYTES bytes. Each translation unit that includes this compiles them for its
// own target: FLOAT_BYTES, and the largest tile it has registers for, FLOAT_ROWS × FLOAT_VECTORS vectors.
#include <math.h>
#include <string.h>

#include "FloatKernels.h"

#define FLOAT_INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((ext_vector_type(FLOAT_BYTES / 4)));
typedef int32_t vec_int __attribute__((ext_vector_type(FLOAT_BYTES / 4)));
enum { WIDTH = FLOAT_BYTES / 4 };

/// The span of all of `columns` columns.
FLOAT_INLINE prnn_span span_of(const prnn_span *spans, size_t k, size_t column, size_t columns) {
  if (!spans) return (prnn_span){0, (uint32_t)k};
  prnn_span all = spans[column / PRNN_SPAN_COLUMNS];
  for (size_t i = column / PRNN_SPAN_COLUMNS + 1; i <= (column + columns - 1) / PRNN_SPAN_COLUMNS; i++) {
    all.begin = spans[i].begin < all.begin ? spans[i].begin : all.begin;
    all.end = spans[i].end > all.end ? spans[i].end : all.end;
  }
  return all;
}

#define T vec
#define TILE(name) name##_vec
#include "float_tile.h"
#undef T
#undef TILE

#define T float
#define TILE(name) name##_one
#include "float_tile.h"
#undef T
#undef TILE

FLOAT_INLINE void rows_of_products(const prnn_term *terms, size_t count, const prnn_result *to, size_t row, int rows,
                                   size_t columns) {
  size_t c = 0;
  for (; c + FLOAT_VECTORS * WIDTH <= columns; c += FLOAT_VECTORS * WIDTH)
    products_vec(terms, count, to, row, c, rows, FLOAT_VECTORS);
  for (; c + WIDTH <= columns; c += WIDTH) products_vec(terms, count, to, row, c, rows, 1);
  for (; c < columns; c++) products_one(terms, count, to, row, c, rows, 1);
}

static void products(const prnn_term *terms, size_t count, const prnn_result *to, size_t rows, size_t columns) {
  size_t r = 0;
  for (; r + FLOAT_ROWS <= rows; r += FLOAT_ROWS) rows_of_products(terms, count, to, r, FLOAT_ROWS, columns);
  for (; r + 2 <= rows; r += 2) rows_of_products(terms, count, to, r, 2, columns);
  for (; r < rows; r++) rows_of_products(terms, count, to, r, 1, columns);
}

/// Whether rows k ... k + ks of the columns of a tile are outside their span.
FLOAT_INLINE int is_masked(const prnn_span *spans, size_t k, size_t ks, size_t column, size_t columns) {
  prnn_span span = span_of(spans, 0, column, columns);
  return spans && (k + ks <= span.begin || k >= span.end);
}

FLOAT_INLINE void ks_of_gradient(const float *a, size_t a_stride, const float *d, size_t d_stride, size_t rows,
                                 size_t k, int ks, size_t columns, const prnn_span *spans, float *w, size_t w_stride) {
  size_t c = 0;
  a += k;
  w += k * w_stride;
  for (; c + FLOAT_VECTORS * WIDTH <= columns; c += FLOAT_VECTORS * WIDTH) {
    if (is_masked(spans, k, (size_t)ks, c, FLOAT_VECTORS * WIDTH)) continue;
    gradient_vec(a, a_stride, d + c, d_stride, rows, w + c, w_stride, ks, FLOAT_VECTORS);
  }
  for (; c + WIDTH <= columns; c += WIDTH) {
    if (is_masked(spans, k, (size_t)ks, c, WIDTH)) continue;
    gradient_vec(a, a_stride, d + c, d_stride, rows, w + c, w_stride, ks, 1);
  }
  for (; c < columns; c++) gradient_one(a, a_stride, d + c, d_stride, rows, w + c, w_stride, ks, 1);
}

static void gradient(const float *a, size_t a_stride, const float *d, size_t d_stride, size_t rows, size_t k,
                     size_t columns, const prnn_span *spans, float *w, size_t w_stride) {
  // So many rows at a time that they stay in the first cache for all tiles.
  enum { SOME = 128 };
  for (size_t r = 0; r < rows; r += SOME, a += SOME * a_stride, d += SOME * d_stride) {
    size_t some = rows - r < SOME ? rows - r : SOME, i = 0;
    for (; i + FLOAT_ROWS <= k; i += FLOAT_ROWS)
      ks_of_gradient(a, a_stride, d, d_stride, some, i, FLOAT_ROWS, columns, spans, w, w_stride);
    for (; i + 2 <= k; i += 2) ks_of_gradient(a, a_stride, d, d_stride, some, i, 2, columns, spans, w, w_stride);
    for (; i < k; i++) ks_of_gradient(a, a_stride, d, d_stride, some, i, 1, columns, spans, w, w_stride);
  }
}

static void sums(const float *d, size_t d_stride, size_t rows, size_t columns, float *sums) {
  size_t c = 0;
  for (; c + WIDTH <= columns; c += WIDTH) {
    vec total, x;
    memcpy(&total, sums + c, sizeof total);
    for (size_t r = 0; r < rows; r++) {
      memcpy(&x, d + r * d_stride + c, sizeof x);
      total += x;
    }
    memcpy(sums + c, &total, sizeof total);
  }
  for (; c < columns; c++)
    for (size_t r = 0; r < rows; r++) sums[c] += d[r * d_stride + c];
}

/// e^x to 2 ulp, for -87 ... 88; less is taken for -87, more for 88. Cephes' polynomial.
FLOAT_INLINE vec exponential(vec x) {
  x = x < -87.0f ? (vec){0} - 87.0f : x;
  x = x > 88.0f ? (vec){0} + 88.0f : x;
  const float round = 12582912.0f;  // 1.5 · 2^23: adding it leaves no bits after the point
  vec n = x * 1.44269504f + round;
  vec_int power = (vec_int)n << 23;
  n -= round;
  x -= n * 0.693359375f;
  x += n * 2.12194440e-4f;
  vec y = (vec){0} + 1.9875691500e-4f;
  y = y * x + 1.3981999507e-3f;
  y = y * x + 8.3334519073e-3f;
  y = y * x + 4.1665795894e-2f;
  y = y * x + 1.6666665459e-1f;
  y = y * x + 5.0000001201e-1f;
  y = y * x * x + x + 1.0f;
  return (vec)((vec_int)y + power);
}

/// tanh to 4 ulp: a quotient of polynomials of degrees 13 and 6, as in Eigen.
FLOAT_INLINE vec tangent(vec x) {
  const float most = 7.90531110763549805f;  // tanh is 1 from here on
  x = x < -most ? (vec){0} - most : x;
  x = x > most ? (vec){0} + most : x;
  vec s = x * x;
  vec p = s * -2.76076847742355e-16f + 2.00018790482477e-13f;
  p = p * s + -8.60467152213735e-11f;
  p = p * s + 5.12229709037114e-08f;
  p = p * s + 1.48572235717979e-05f;
  p = p * s + 6.37261928875436e-04f;
  p = p * s + 4.89352455891786e-03f;
  vec q = s * 1.19825839466702e-06f + 1.18534705686654e-04f;
  q = q * s + 2.26843463243900e-03f;
  q = q * s + 4.89352518554385e-03f;
  return p * x / q;
}

FLOAT_INLINE vec sigmoid(vec x) { return tangent(x * 0.5f) * 0.5f + 0.5f; }

/// Loads up to WIDTH numbers; the rest are 0.
FLOAT_INLINE vec load(const float *p, size_t some) {
  vec x = {0};
  if (some >= WIDTH) {
    memcpy(&x, p, sizeof x);
  } else {
    for (size_t i = 0; i < some; i++) x[i] = p[i];
  }
  return x;
}

FLOAT_INLINE void store(float *p, vec x, size_t some) {
  if (some >= WIDTH) {
    memcpy(p, &x, sizeof x);
  } else {
    for (size_t i = 0; i < some; i++) p[i] = x[i];
  }
}

/// Some features of a cell.
FLOAT_INLINE void cell(float *gates, const float *before, float *c, float *y, size_t h, size_t some) {
  vec o = sigmoid(load(gates, some)), f = sigmoid(load(gates + h, some));
  vec i = sigmoid(load(gates + 2 * h, some)), g = tangent(load(gates + 3 * h, some));
  vec sum = f * load(before, some) + i * g;
  store(gates, o, some);
  store(gates + h, f, some);
  store(gates + 2 * h, i, some);
  store(gates + 3 * h, g, some);
  store(c, sum, some);
  store(y, o * tangent(sum), some);
}

static void lstm(float *gates, const float *before, float *c, float *y, size_t rows, size_t h) {
  for (size_t r = 0; r < rows; r++, gates += 4 * h, before += h, c += h, y += h) {
    size_t j = 0;
    for (; j + WIDTH <= h; j += WIDTH) cell(gates + j, before + j, c + j, y + j, h, WIDTH);
    if (j < h) cell(gates + j, before + j, c + j, y + j, h, h - j);
  }
}

FLOAT_INLINE void cell_backward(const float *gates, const float *before, const float *c, const float *dy, float *dc,
                                float *dz, size_t h, size_t some) {
  vec o = load(gates, some), f = load(gates + h, some);
  vec i = load(gates + 2 * h, some), g = load(gates + 3 * h, some);
  vec t = tangent(load(c, some)), d = load(dy, some);
  vec sum = load(dc, some) + d * o * (1.0f - t * t);
  store(dz, d * t * o * (1.0f - o), some);
  store(dz + h, sum * load(before, some) * f * (1.0f - f), some);
  store(dz + 2 * h, sum * g * i * (1.0f - i), some);
  store(dz + 3 * h, sum * i * (1.0f - g * g), some);
  store(dc, sum * f, some);
}

static void lstm_backward(const float *gates, const float *before, const float *c, const float *dy, float *dc,
                          float *dz, size_t rows, size_t h) {
  for (size_t r = 0; r < rows; r++, gates += 4 * h, before += h, c += h, dy += h, dc += h, dz += 4 * h) {
    size_t j = 0;
    for (; j + WIDTH <= h; j += WIDTH) cell_backward(gates + j, before + j, c + j, dy + j, dc + j, dz + j, h, WIDTH);
    if (j < h) cell_backward(gates + j, before + j, c + j, dy + j, dc + j, dz + j, h, h - j);
  }
}

static double softmax_loss(float *logits, size_t stride, const uint8_t *targets, size_t targets_stride, size_t rows) {
  double loss = 0;
  for (size_t r = 0; r < rows; r++, logits += stride, targets += targets_stride) {
    vec x, most, total = {0};
    memcpy(&most, logits, sizeof most);
    for (int v = 1; v < 256 / WIDTH; v++) {
      memcpy(&x, logits + v * WIDTH, sizeof x);
      most = x > most ? x : most;
    }
    float top = most[0], sum = 0;
    for (int i = 1; i < WIDTH; i++) top = most[i] > top ? most[i] : top;
    float target = logits[*targets];
    for (int v = 0; v < 256 / WIDTH; v++) {
      memcpy(&x, logits + v * WIDTH, sizeof x);
      x = exponential(x - top);
      total += x;
      memcpy(logits + v * WIDTH, &x, sizeof x);
    }
    for (int i = 0; i < WIDTH; i++) sum += total[i];
    loss += log((double)sum) + ((double)top - (double)target);
    float scale = 1 / sum;
    for (int v = 0; v < 256 / WIDTH; v++) {
      memcpy(&x, logits + v * WIDTH, sizeof x);
      x *= scale;
      memcpy(logits + v * WIDTH, &x, sizeof x);
    }
    logits[*targets] -= 1;
  }
  return loss;
}

static double bernoulli_loss(float *logits, const uint8_t *targets, size_t rows) {
  double loss = 0;
  for (size_t r = 0; r < rows; r++) {
    float x = logits[r], e = expf(-fabsf(x)), p = 1 / (1 + e);
    loss += (double)(x > 0 ? x : 0) + (double)log1pf(e) - (targets[r] ? (double)x : 0);
    logits[r] = (x > 0 ? p : e * p) - (targets[r] ? 1 : 0);
  }
  return loss;
}

static void relu(const float *x, float *y, size_t count) {
  for (size_t i = 0; i < count; i += WIDTH) {
    vec v = load(x + i, count - i);
    store(y + i, v > 0 ? v : (vec){0}, count - i);
  }
}

static void add(const float *x, float *y, size_t count) {
  for (size_t i = 0; i < count; i += WIDTH) store(y + i, load(y + i, count - i) + load(x + i, count - i), count - i);
}

static float magnitude(const float *x, size_t count) {
  vec most = {0};
  for (size_t i = 0; i < count; i += WIDTH) {
    vec v = load(x + i, count - i);
    v = v > -v ? v : -v;
    most = v > most ? v : most;
  }
  float top = 0;
  for (int i = 0; i < WIDTH; i++) top = most[i] > top ? most[i] : top;
  return top;
}

#define FLOAT_KERNELS(name)                                                                                     \
  {name, products, gradient, sums, lstm, lstm_backward, softmax_loss, bernoulli_loss, relu, add, magnitude}
