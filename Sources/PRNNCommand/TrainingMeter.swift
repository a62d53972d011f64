import Glibc
import PixelTraining

/// How a training goes, on stderr: a bar on a terminal, and a line for every validation.
final class TrainingMeter {
  private let trainer: Trainer
  private let isQuiet: Bool
  private let isTerminal: Bool
  private let isInNats: Bool
  private let start = now()
  private let picturesBefore: Int
  private var drawn = 0.0
  private var loss: Double?

  init(_ trainer: Trainer, quiet: Bool) {
    self.trainer = trainer
    isQuiet = quiet
    isTerminal = isatty(STDERR_FILENO) == 1
    isInNats = trainer.checkpoint.network.isBernoulli
    picturesBefore = trainer.pictures
  }

  func note(_ step: Trainer.Step) {
    loss = loss.map { $0 + 0.02 * (step.nats - $0) } ?? step.nats
    guard isTerminal, !isQuiet, now() - drawn > 0.2 else { return }
    drawn = now()
    let part = trainer.progress
    let filled = Int(part * 24)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled)
    writeError("\r\u{1B}[K[\(bar)] \(Int(part * 100)) %  \(text(loss ?? 0)) \(unit)  \(pace)")
  }

  /// A network that is adapted, before the first step.
  func note(start nats: Double) {
    if !isQuiet { writeError("start: validation \(text(nats)) \(unit)\n") }
  }

  func note(_ row: TrainingLog.Row) {
    guard !isQuiet else { return }
    clear()
    let validation = row.validationNats.map { ", validation \(text($0))" } ?? ""
    writeError(
      "step \(row.step), epoch \(decimals(row.epoch, 2)): train \(text(row.trainNats))\(validation) \(unit)  \(pace)\n")
  }

  /// Takes the bar away.
  func clear() { if isTerminal && !isQuiet { writeError("\r\u{1B}[K") } }

  private var unit: String { isInNats ? "nats" : "bits/dim" }

  private func text(_ nats: Double) -> String {
    decimals(isInNats ? nats : bitsPerDim(nats: nats, dims: trainer.data.dims), isInNats ? 2 : 4)
  }

  /// Pictures a second since the program began, validation included, and the time left.
  private var pace: String {
    let rate = Double(trainer.pictures - picturesBefore) / max(1e-3, now() - start)
    let part = max(1e-6, trainer.progress)
    let left = Int(min(1e8, trainer.checkpoint.progress.seconds * (1 - part) / part) + 0.5)
    func two(_ n: Int) -> String { (n < 10 ? "0" : "") + String(n) }
    let items = trainer.checkpoint.network.isAdapted ? "\(Int(rate)) pixels/s" : "\(decimals(rate, 1)) pictures/s"
    return "\(items)  \(left / 3600):\(two(left / 60 % 60)):\(two(left % 60)) left"
  }
}
