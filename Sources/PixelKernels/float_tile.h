// Tiles of a matrix product that stay in registers, for the vector type T and the number of vectors VECTORS; TILE(name)
// makes the functions' names. float.h includes this once for each T.

#define EACH_VECTOR                             \
  _Pragma("clang loop unroll(full)")            \
  for (int r = 0; r < rows; r++)                \
  _Pragma("clang loop unroll(full)")            \
  for (int v = 0; v < vectors; v++)

/// Where vector v of row r of the tile is in a matrix.
#define PLACE(matrix, stride) ((matrix) + (row + (size_t)r) * (stride) + column + (size_t)v * (sizeof(T) / 4))

/// Makes a tile of the result from its sums.
FLOAT_INLINE void TILE(finish)(T sum[FLOAT_ROWS][FLOAT_VECTORS], const prnn_result *to, size_t row, size_t column,
                               int rows, int vectors) {
  T x;
  if (to->bias) {
    EACH_VECTOR {
      memcpy(&x, to->bias + column + (size_t)v * (sizeof(T) / 4), sizeof x);
      sum[r][v] += x;
    }
  }
  if (to->gate) {
    EACH_VECTOR {
      memcpy(&x, PLACE(to->gate, to->gate_stride), sizeof x);
      sum[r][v] = x > 0 ? sum[r][v] : (T){0};
    }
  }
  if (to->addend) {
    EACH_VECTOR {
      memcpy(&x, PLACE(to->addend, to->addend_stride), sizeof x);
      sum[r][v] += x;
    }
  }
  if (to->y != to->positive) {
    EACH_VECTOR memcpy(PLACE(to->y, to->y_stride), &sum[r][v], sizeof x);
  }
  if (to->positive) {
    EACH_VECTOR {
      x = sum[r][v] > 0 ? sum[r][v] : (T){0};
      memcpy(PLACE(to->positive, to->positive_stride), &x, sizeof x);
    }
  }
}

FLOAT_INLINE void TILE(products)(const prnn_term *terms, size_t count, const prnn_result *to, size_t row,
                                 size_t column, int rows, int vectors) {
  T sum[FLOAT_ROWS][FLOAT_VECTORS];
  EACH_VECTOR sum[r][v] = (T){0};
  for (size_t t = 0; t < count; t++) {
    const size_t stride = terms[t].a_stride, b_stride = terms[t].b_stride;
    prnn_span span = span_of(terms[t].spans, terms[t].k, column, (size_t)vectors * (sizeof(T) / 4));
    const float *a = terms[t].a + row * stride + span.begin, *b = terms[t].b + span.begin * b_stride + column;
    for (size_t k = span.end - span.begin; k > 0; k--, a++, b += b_stride) {
      T w[FLOAT_VECTORS];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) memcpy(&w[v], b + (size_t)v * (sizeof(T) / 4), sizeof(T));
      EACH_VECTOR sum[r][v] += a[(size_t)r * stride] * w[v];
    }
  }
  TILE(finish)(sum, to, row, column, rows, vectors);
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

#undef EACH_VECTOR
#undef PLACE
