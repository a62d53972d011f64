import Glibc

/// Moves weights against a gradient, on flat arrays.
public struct Optimiser: Equatable, Sendable {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Kingma and Ba, "Adam" (2015), algorithm 1.
    case adam
    /// Tieleman and Hinton, lecture 6.5 (2012): w -= rate · g / (√v + ε) with v the running mean of g². The paper's choice.
    case rmsprop
    /// See ``MuonPlan``.
    case muon
  }

  static let firstDecay: Float = 0.9
  static let epsilon: Float = 1e-8

  public let kind: Kind
  /// Running mean of the gradient; empty for RMSProp.
  public internal(set) var first: [Float]
  /// Running mean of its square.
  public internal(set) var second: [Float]
  /// Of Muon only.
  private let plan: MuonPlan?

  /// - Parameter plan: which weights are what, for Muon; without one it is Adam.
  public init(_ kind: Kind, count: Int, plan: @autoclosure () -> MuonPlan? = nil) {
    self.kind = kind
    self.plan = kind == .muon ? plan() : nil
    first = kind == .rmsprop ? [] : [Float](repeating: 0, count: count)
    second = [Float](repeating: 0, count: count)
  }

  /// Decay of the running mean of squares.
  var secondDecay: Float { kind == .adam ? 0.999 : 0.99 }

  /// One update.
  ///
  /// - Parameters:
  ///   - step: 1 for the first update, 2 for the next, ...
  ///   - scale: what the gradient is multiplied by before it is used.
  /// - Complexity: O(weights).
  public mutating func update(_ weights: inout [Float], gradient: [Float], scale: Float, rate: Float, step: Int) {
    precondition(weights.count == second.count && gradient.count == second.count)
    if let plan { return update(&weights, gradient, scale, rate, step, plan) }
    let count = weights.count
    let kind = kind
    let decay = secondDecay
    weights.withUnsafeMutableBufferPointer { w in
      gradient.withUnsafeBufferPointer { g in
        first.withUnsafeMutableBufferPointer { m in
          second.withUnsafeMutableBufferPointer { v in
            guard let w = w.baseAddress, let g = g.baseAddress, let v = v.baseAddress else { return }
            switch kind {
            case .adam, .muon: adam(count, w, g, m.baseAddress!, v, decay, scale, rate, step)
            case .rmsprop: rmsProp(count, w, g, v, decay, scale, rate)
            }
          }
        }
      }
    }
  }
}

extension Optimiser {
  /// One update by Muon and Adam.
  private mutating func update(
    _ weights: inout [Float], _ gradient: [Float], _ scale: Float, _ rate: Float, _ step: Int, _ plan: MuonPlan
  ) {
    let cosines = plan.valueRows.isEmpty ? nil : ValueCosines.shared
    var gradient = gradient.map { $0 * scale }
    let momenta = plan.matrices.map { first[$0.range] }
    for rows in plan.valueRows { gradient.replaceSubrange(rows, with: cosines!.analysed(Array(gradient[rows]))) }
    var steps = [Float](repeating: 0, count: weights.count)
    let decay = secondDecay
    steps.withUnsafeMutableBufferPointer { w in
      gradient.withUnsafeBufferPointer { g in
        first.withUnsafeMutableBufferPointer { m in
          second.withUnsafeMutableBufferPointer { v in
            adam(w.count, w.baseAddress!, g.baseAddress!, m.baseAddress!, v.baseAddress!, decay, 1, rate, step)
          }
        }
      }
    }
    for rows in plan.valueRows { steps.replaceSubrange(rows, with: cosines!.synthesised(Array(steps[rows]))) }
    for (matrix, momentum) in zip(plan.matrices, momenta) {
      var momentum = momentum
      let orthogonal = Muon.step(matrix, gradient: gradient[matrix.range], momentum: &momentum)
      first.replaceSubrange(matrix.range, with: momentum)
      second.replaceSubrange(matrix.range, with: repeatElement(0, count: matrix.range.count))
      for (i, at) in matrix.range.enumerated() { steps[at] = -rate * orthogonal[i] }
    }
    for at in plan.masked { steps[at] = 0 }
    for i in weights.indices { weights[i] += steps[i] }
  }
}

/// One step of Adam; m and v are the running means before their correction for the start at 0.
private func adam(
  _ count: Int, _ w: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
  _ v: UnsafeMutablePointer<Float>, _ decay: Float, _ scale: Float, _ rate: Float, _ step: Int
) {
  let b = Optimiser.firstDecay
  let stepSize = rate / Float(1 - pow(Double(b), Double(step)))
  let root = Float(1 / (1 - pow(Double(decay), Double(step))).squareRoot())
  for i in 0..<count {
    let x = g[i] * scale
    m[i] = b * m[i] + (1 - b) * x
    v[i] = decay * v[i] + (1 - decay) * x * x
    w[i] -= stepSize * m[i] / (v[i].squareRoot() * root + Optimiser.epsilon)
  }
}

private func rmsProp(
  _ count: Int, _ w: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ v: UnsafeMutablePointer<Float>,
  _ decay: Float, _ scale: Float, _ rate: Float
) {
  for i in 0..<count {
    let x = g[i] * scale
    v[i] = decay * v[i] + (1 - decay) * x * x
    w[i] -= rate * x / (v[i].squareRoot() + Optimiser.epsilon)
  }
}

/// The Euclidean norm. Complexity: O(values).
func norm(_ values: [Float]) -> Double {
  values.withUnsafeBufferPointer { x in
    var sums = SIMD8<Double>()
    let whole = x.count / 8 * 8
    for i in stride(from: 0, to: whole, by: 8) {
      let part = SIMD8<Double>(UnsafeRawPointer(x.baseAddress! + i).loadUnaligned(as: SIMD8<Float>.self))
      sums += part * part
    }
    return (sums.sum() + x[whole...].reduce(0) { $0 + Double($1) * Double($1) }).squareRoot()
  }
}

/// What a gradient of this norm is to be multiplied by so that its norm is at most `limit`; 1 without a limit.
func clipping(norm: Double, limit: Double?) -> Double {
  guard let limit, norm > limit else { return 1 }
  return limit / norm
}

/// Moves a running mean of weights: a = d · a + (1 - d) · w (Polyak averaging with a decay).
///
/// - Parameters:
///   - decay: of a long run.
///   - step: 1 for the first; the decay is at most (1 + step) / (10 + step), so that the start is soon forgotten.
func moveAverage(_ average: inout [Float], towards weights: [Float], decay: Double, step: Int) {
  precondition(average.count == weights.count)
  let part = Float(1 - min(decay, Double(1 + step) / Double(10 + step)))
  average.withUnsafeMutableBufferPointer { a in
    weights.withUnsafeBufferPointer { w in
      for i in 0..<w.count { a[i] += part * (w[i] - a[i]) }
    }
  }
}
