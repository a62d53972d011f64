// Tiles of a matrix product that stay in registers, for the vector type T and the number of vectors VECTORS; TILE(name)
// makes the functions' names. float.h includes this once for each T.

/// Stores row r of a tile.
FLOAT_INLINE void TILE(finish)(const T *sum, const prnn_result *to, size_t row, size_t column, int vectors) {
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    size_t at = column + (size_t)v * (sizeof(T) / 4);
    T y = sum[v], x;
    if (to->bias) {
      memcpy(&x, to->bias + at, sizeof x);
      y += x;
    }
    if (to->gate) {
      memcpy(&x, to->gate + row * to->gate_stride + at, sizeof x);
      y = x > 0 ? y : (T){0};
    }
    if (to->addend) {
      memcpy(&x, to->addend + row * to->addend_stride + at, sizeof x);
      y += x;
    }
    if (to->y != to->positive) memcpy(to->y + row * to->y_stride + at, &y, sizeof y);
    if (to->positive) {
      y = y > 0 ? y : (T){0};
      memcpy(to->positive + row * to->positive_stride + at, &y, sizeof y);
    }
  }
}

FLOAT_INLINE void TILE(products)(const prnn_term *terms, size_t count, const prnn_result *to, size_t row,
                                 size_t column, int rows, int vectors) {
  T sum[FLOAT_ROWS][FLOAT_VECTORS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) sum[r][v] = (T){0};
  for (size_t t = 0; t < count; t++) {
    const size_t stride = terms[t].a_stride, b_stride = terms[t].b_stride;
    prnn_span span = span_of(terms[t].spans, terms[t].k, column, (size_t)vectors * (sizeof(T) / 4));
    const float *a = terms[t].a + row * stride + span.begin, *b = terms[t].b + span.begin * b_stride + column;
    for (size_t k = span.end - span.begin; k > 0; k--, a++, b += b_stride) {
      T w[FLOAT_VECTORS];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) memcpy(&w[v], b + (size_t)v * (sizeof(T) / 4), sizeof(T));
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sum[r][v] += a[(size_t)r * stride] * w[v];
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) TILE(finish)(sum[r], to, row + (size_t)r, column, vectors);
}

/// w (ks, vectors) += the products of all rows.
FLOAT_INLINE void TILE(gradient)(const float *a, size_t a_stride, const float *d, size_t d_stride, size_t rows,
                                 float *w, size_t w_stride, int ks, int vectors) {
  T sum[FLOAT_ROWS][FLOAT_VECTORS];
#pragma clang loop unroll(full)
  for (int k = 0; k < ks; k++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      memcpy(&sum[k][v], w + (size_t)k * w_stride + (size_t)v * (sizeof(T) / 4), sizeof(T));
  for (; rows > 0; rows--, a += a_stride, d += d_stride) {
    T x[FLOAT_VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) memcpy(&x[v], d + (size_t)v * (sizeof(T) / 4), sizeof(T));
#pragma clang loop unroll(full)
    for (int k = 0; k < ks; k++)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sum[k][v] += a[k] * x[v];
  }
#pragma clang loop unroll(full)
  for (int k = 0; k < ks; k++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      memcpy(w + (size_t)k * w_stride + (size_t)v * (sizeof(T) / 4), &sum[k][v], sizeof(T));
}
