import PixelKernels

/// What every layer is given on its way through the network.
struct Pass {
  let kernels: prnn_float_kernels
  let products: Products
  let weights: UnsafePointer<Float>
  let width: Int
  let height: Int
  let batch: Int

  /// Rows of the matrix that a row of pixels is.
  var rows: Int { width * batch }
}

/// A sum of matrix products that is being put together.
final class Products {
  private static let capacity = 64
  private let kernels: prnn_float_kernels
  private let terms = UnsafeMutablePointer<prnn_term>.allocate(capacity: capacity)
  private var count = 0

  init(_ kernels: prnn_float_kernels) { self.kernels = kernels }

  deinit { terms.deallocate() }

  /// (rows, k) times (k, columns); `spans` tell where the second is not 0.
  func add(
    _ a: UnsafePointer<Float>, stride: Int, times b: UnsafePointer<Float>, stride bStride: Int, k: Int,
    spans: UnsafePointer<prnn_span>? = nil
  ) {
    precondition(count < Products.capacity)
    (terms + count).initialize(to: prnn_term(a: a, a_stride: stride, b: b, b_stride: bStride, k: k, spans: spans))
    count += 1
  }

  /// The sum to `result`; the next starts empty.
  func run(to result: prnn_result, rows: Int, columns: Int) {
    withUnsafePointer(to: result) { kernels.products(terms, count, $0, rows, columns) }
    count = 0
  }
}

extension prnn_result {
  init(_ y: UnsafeMutablePointer<Float>, stride: Int, bias: UnsafePointer<Float>? = nil) {
    self.init()
    self.y = y
    y_stride = stride
    self.bias = bias
  }

  func gated(by gate: UnsafePointer<Float>, stride: Int) -> prnn_result {
    var result = self
    result.gate = gate
    result.gate_stride = stride
    return result
  }

  func adding(_ addend: UnsafePointer<Float>, stride: Int) -> prnn_result {
    var result = self
    result.addend = addend
    result.addend_stride = stride
    return result
  }

  /// max(0, y) goes to `positive`; when that is `y` too, y itself goes nowhere.
  func positive(to positive: UnsafeMutablePointer<Float>, stride: Int) -> prnn_result {
    var result = self
    result.positive = positive
    result.positive_stride = stride
    return result
  }

  var rectified: prnn_result { positive(to: y, stride: y_stride) }
}
