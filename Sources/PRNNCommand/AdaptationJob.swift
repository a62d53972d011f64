import ByteCoding
import PRNN
import PixelModels
import PixelTraining

// Local networks of a model, trained further.
extension TrainingJob {
  /// A new run.
  init(
    adapting model: Model, _ notes: TrainingNotes, _ settings: RunOptions, _ length: LengthOptions, threads: Int
  ) throws {
    guard settings.optimiser != .muon else {
      throw FileError(notes.from!, TrainingError.paperOnly("--optimiser muon"))
    }
    var notes = notes
    let work = try AdaptationWork(model, notes)
    notes.role = "\(work.adaptation.role)"
    notes.hash = hexadecimal(model.hash)
    var configuration = settings.configuration(Adaptation.configuration, pictures: nil)
    length.set(&configuration)
    let checkpoint = work.adaptation.checkpoint(configuration, data: work.training, notes: notes.table)
    try self.init(checkpoint, work, notes, threads: threads)
  }

  /// A run that goes on.
  init(adapting checkpoint: Checkpoint, _ notes: TrainingNotes, threads: Int) throws {
    guard let from = notes.from, let hash = notes.hash else {
      throw TrainingError.damagedCheckpoint("it does not say where its model is")
    }
    let model = try ModelOption.model(named: from)
    guard hexadecimal(model.hash) == hash else { throw FileError(from, TrainingError.otherModel) }
    try self.init(checkpoint, AdaptationWork(model, notes), notes, threads: threads)
  }

  private init(_ checkpoint: Checkpoint, _ work: AdaptationWork, _ notes: TrainingNotes, threads: Int) throws {
    do {
      trainer = try work.adaptation.trainer(
        checkpoint, data: work.training, validation: work.validation, threads: threads)
    } catch { throw FileError(notes.source.data[0], error) }
    self.notes = notes
    let (adaptation, pictures) = (work.adaptation, work.pictures)
    result = { end, output in
      try adaptation.file(
        end, name: modelName(of: output), program: PRNNCommand.configuration.version, pictures: pictures)
    }
  }
}

/// A local network and the pixels it is trained and validated on.
private struct AdaptationWork {
  let adaptation: Adaptation
  let training: PixelPool
  let validation: PixelPool
  /// To train on.
  let pictures: Int

  init(_ model: Model, _ notes: TrainingNotes) throws {
    let source = notes.source
    guard source.bits == nil, source.tile == nil, source.levels == 1 else {
      let option = source.bits != nil ? "--bits" : source.tile != nil ? "--tile" : "--levels"
      throw FileError(notes.from!, TrainingError.paperOnly(option))
    }
    var found = try AdaptationPictures(reading: source.data, role: notes.role.flatMap(Model.Role.init(argument:)))
    guard let adaptation = Adaptation(model, role: found.role) else {
      throw Failure(notes.from!, PRNNError.noNetwork(model: model.name, role: "\(found.role)"))
    }
    guard adaptation.start.architecture.squares.isEmpty else {
      throw FileError(notes.from!, TrainingError.leastSquares)
    }
    if found.leftOut > 0 {
      let what = found.leftOut == 1 ? "1 picture is" : "\(found.leftOut) pictures are"
      warn("\(what) left out: not of 8 bits, or not for the network for \(found.role)")
    }
    var held: AdaptationPictures
    if source.validation.isEmpty {
      do { held = try found.holdOut(source.holdOut) } catch { throw FileError(source.data[0], error) }
    } else {
      held = try AdaptationPictures(reading: source.validation, role: found.role)
    }
    if let limit = source.validationLimit { held.limit(to: limit) }
    self.adaptation = adaptation
    training = found.pool(adaptation.start.architecture)
    validation = held.pool(adaptation.start.architecture)
    pictures = found.rasters.count
  }
}
