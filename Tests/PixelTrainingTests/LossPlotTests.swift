import Raster
import Testing

@testable import PixelTraining

@Suite struct LossPlotTests {
  private func row(_ step: Int, train: Double, validation: Double? = nil) -> TrainingLog.Row {
    TrainingLog.Row(
      step: step, epoch: Double(step) / 4, pictures: step * 16, seconds: 1.25, trainNats: 100 * train, trainBits: train,
      validationNats: validation.map { $0 * 100 }, validationBits: validation, rate: 0.001, norm: 3)
  }

  @Test func rowsOfTheFile() throws {
    let folder = try Scratch()
    let log = try TrainingLog(folder / "log.csv", at: 0)
    try log.append(row(1, train: 0.5))
    try log.append(row(2, train: 0.25, validation: 0.3))
    try log.draw()
    let text = String(decoding: try contents(of: folder / "log.csv"), as: UTF8.self)
    #expect(
      text == TrainingLog.heading + "\n1,0.25,16,1.25,50.0,0.5,,,0.001,3.0\n"
        + "2,0.5,32,1.25,25.0,0.25,30.0,0.3,0.001,3.0\n")
    #expect(folder.names == ["log.csv", "log.png"])
    // A run that goes on after step 1 forgets what came later.
    #expect(try TrainingLog(folder / "log.csv", at: 1).rows == [row(1, train: 0.5)])
    #expect(try TrainingLog(folder / "log.csv", at: 2).rows.count == 1)
    #expect(try TrainingLog(folder / "log.csv", at: 0).rows.isEmpty)
  }

  @Test func cutRowsAreDropped() throws {
    let folder = try Scratch()
    try folder.write("log.csv", Array((TrainingLog.heading + "\n1,0.25,16,1.25,50.0,0.5,,,0.001,3.0\n2,0.5,3").utf8))
    #expect(try TrainingLog(folder / "log.csv", at: 5).rows == [row(1, train: 0.5)])
  }

  @Test func curvesAndAxes() {
    // A straight fall from 2 to 1, and a validation that stays at 1.5.
    let rows = (0...100).map { row($0, train: 2 - Double($0) / 100, validation: $0 % 10 == 0 ? 1.5 : nil) }
    let plot = LossPlot(rows)
    let raster = plot.raster()
    #expect((raster.width, raster.height) == (960, 540))
    func colour(_ x: Int, _ y: Int) -> [UInt8] {
      let at = (y * raster.width + x) * 3
      return Array(raster.samples[at..<at + 3])
    }
    let (x, y) = LossPlot.frame
    #expect(colour(x.lowerBound, y.upperBound) == [0, 0, 0])
    #expect(colour(x.lowerBound, y.lowerBound) == [0, 0, 0])
    #expect(colour(x.upperBound, y.upperBound) == [0, 0, 0])
    #expect(plot.xRange == 0...1600)
    // What came in the first tenth is cut off: 1.9 and 5 % of 0.9.
    #expect(abs(plot.yRange.upperBound - 1.945) < 1e-9)
    #expect(abs(plot.yRange.lowerBound - 0.955) < 1e-9)
    // The validation is at 1.5: (1.945 - 1.5) / 0.99 of the 440 pixels down.
    let level = y.lowerBound + Int((440 * 0.445 / 0.99).rounded())
    #expect(colour(x.lowerBound + 30, level) == [255, 127, 14])
    #expect(colour(x.upperBound - 30, level) == [255, 127, 14])
    // The training at three quarters of the run is at 1.25.
    let fall = y.lowerBound + Int((440 * 0.695 / 0.99).rounded())
    #expect(colour(x.lowerBound + 622, fall) == [31, 119, 180])
  }

  @Test func aSinglePoint() {
    let raster = LossPlot([row(1, train: 1)]).raster()
    #expect(raster.samples.contains(31))
  }

  @Test func roundTicks() {
    #expect(ticks(in: 0...10, about: 5).map(\.text) == ["0", "2", "4", "6", "8", "10"])
    #expect(ticks(in: 0.13...0.31, about: 4).map(\.text) == ["0.15", "0.20", "0.25", "0.30"])
    #expect(ticks(in: 0...50_000, about: 5).map(\.text) == ["0", "10k", "20k", "30k", "40k", "50k"])
    #expect(ticks(in: 0...3e6, about: 6).map(\.text) == ["0.0", "0.5M", "1.0M", "1.5M", "2.0M", "2.5M", "3.0M"])
    #expect(ticks(in: -1...1, about: 4).map(\.text) == ["-1.0", "-0.5", "0.0", "0.5", "1.0"])
  }

  @Test func letters() {
    // A 1 of 5 × 7, in blocks of 2 × 2: its stem is the third column.
    var canvas = Canvas(width: 20, height: 20)
    canvas.text("1", x: 2, y: 3)
    #expect((3..<17).allSatisfy { canvas[6, $0] == .black && canvas[7, $0] == .black })
    #expect((3..<17).allSatisfy { canvas[2, $0] == .white })
  }
}
