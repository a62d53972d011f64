/// log2 of a number above 0, in 1/256, rounded down: bit by bit, by squaring.
package func fixedLog2(_ x: UInt64) -> Int {
  let whole = 63 - x.leadingZeroBitCount
  // The mantissa, 1 ..< 2, with 31 bits behind the point.
  var mantissa = whole > 31 ? x >> UInt64(whole - 31) : x << UInt64(31 - whole)
  var result = whole
  for _ in 0..<8 {
    mantissa = (mantissa &* mantissa) >> 31
    let carry = mantissa >> 32
    mantissa >>= carry
    result = result << 1 | Int(carry)
  }
  return result
}
