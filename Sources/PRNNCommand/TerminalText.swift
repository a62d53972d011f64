import Glibc

/// Text from a file as a terminal can show it: on one line, with escapes for what would not be seen or would change how the
/// rest is read, such as control characters and marks of direction.
///
/// - Parameter most: the most scalars of it; three dots stand for the rest.
func printable(_ text: some Sequence<Unicode.Scalar>, most: Int = 160) -> String {
  var result = ""
  for (number, scalar) in text.enumerated() {
    guard number < most else { return result + "..." }
    switch (scalar, scalar.properties.generalCategory) {
    case ("\n", _): result += "\\n"
    case ("\r", _): result += "\\r"
    case ("\t", _): result += "\\t"
    case ("\\", _): result += "\\\\"
    case (_, .control), (_, .format), (_, .surrogate), (_, .privateUse), (_, .unassigned), (_, .lineSeparator),
      (_, .paragraphSeparator):
      result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// The path of a file on one line.
func visible(_ path: String) -> String {
  path.utf8.allSatisfy { (32...126).contains($0) } ? path : printable(path.unicodeScalars, most: 4096)
}

/// A time in seconds since 1970 began, as 2026-11-21 21:02:31 UTC; of years that no calendar has, the seconds.
func utc(_ seconds: Int64) -> String {
  var (time, fields) = (time_t(seconds), tm())
  guard gmtime_r(&time, &fields) != nil, (-1900..<8100).contains(fields.tm_year) else {
    return "\(seconds) seconds after 1970"
  }
  return calendar(
    year: fields.tm_year + 1900, month: fields.tm_mon + 1, day: fields.tm_mday,
    [fields.tm_hour, fields.tm_min, fields.tm_sec])
}

/// - Parameter clock: hours, minutes and seconds.
func calendar(year: Int32, month: Int32, day: Int32, _ clock: [Int32]) -> String {
  func padded(_ number: Int32, _ digits: Int = 2) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
  return [padded(year, 4), padded(month), padded(day)].joined(separator: "-") + " "
    + clock.map { padded($0) }.joined(separator: ":") + " UTC"
}
