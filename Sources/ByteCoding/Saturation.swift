/// The product; `Int.max` when it is more than that. For numbers not below 0.
public func saturatedProduct(_ factors: Int...) -> Int {
  factors.reduce(1) {
    let (value, overflow) = $0.multipliedReportingOverflow(by: $1)
    return overflow ? .max : value
  }
}

/// The sum; `Int.max` when it is more than that. For numbers not below 0.
public func saturatedSum(_ terms: [Int]) -> Int {
  terms.reduce(0) {
    let (value, overflow) = $0.addingReportingOverflow($1)
    return overflow ? .max : value
  }
}
