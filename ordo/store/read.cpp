// The reading half of Store.
#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/store/implementation.h"

namespace ordo::store {

const char* const kRunColumns =
    "SELECT run.id, run.uid, run.cell, run.attempt, run.status, run.host, run.pid, run.start, "
    "run.finish, run.exit_status, run.signal, run.wall, run.cpu, run.memory, run.threads, "
    "run.fingerprint, run.environment, run.reason, run.progress ";

namespace {

constexpr const char* kStudyColumns =
    "SELECT name, spec, spec_hash, seeds, alpha, created, tags, notes FROM study ";
constexpr const char* kCellColumns =
    "SELECT cell.id, study.name, variant, params, seed, key, status, fingerprint, attempts, run "
    "FROM cell JOIN study ON study.id = cell.study ";

std::optional<int> optional_int(const Cursor& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return static_cast<int>(row.integer(column));
}

JsonObject object_at(const Cursor& row, int column, const char* what) {
  return parse_json(row.text(column), what).as_object(what);
}

Study read_study(const Cursor& row) {
  Study study;
  study.name = row.string(0);
  study.spec = row.string(1);
  study.spec_hash = row.string(2);
  const Json seeds = parse_json(row.text(3), "seeds"), tags = parse_json(row.text(6), "tags");
  for (const Json& seed : seeds.as_array("seeds")) {
    study.seeds.push_back(seed.as_int("seeds"));
  }
  study.alpha = row.real(4);
  study.created = row.real(5);
  for (const Json& tag : tags.as_array("tags")) {
    study.tags.push_back(tag.as_string("tags"));
  }
  study.notes = row.string(7);
  return study;
}

Cell read_cell(const Cursor& row) {
  Cell cell{.id = row.integer(0),
            .study = row.string(1),
            .variant = row.string(2),
            .params = object_at(row, 3, "params"),
            .seed = row.integer(4),
            .key = row.string(5),
            .status = status_from(row.text(6)),
            .fingerprint = row.string(7),
            .attempts = row.integer(8),
            .run = {}};
  if (!row.is_null(9)) cell.run = row.integer(9);
  return cell;
}

SeriesInfo read_series_info(const Cursor& row) {
  return {.run = row.integer(0),
          .name = row.string(1),
          .count = static_cast<std::uint64_t>(row.integer(2)),
          .first_step = row.real(5),
          .last_step = row.real(3),
          .last_value = row.real(4)};
}

// What `read_curve_of` takes a row of.
constexpr const char* kSeriesColumns =
    "SELECT series.id, series.count, series.run, series.name, series.last_step, (SELECT low_step "
    "FROM block WHERE block.series = series.id AND level = 0 AND number = 0) ";

Curve read_curve_of(Database& database, const Cursor& row, std::size_t max_points, double from,
                    double to) {
  const auto count = static_cast<std::uint64_t>(row.integer(1));
  Curve curve = read_curve(database, row.integer(0), count, max_points, from, to);
  curve.run = row.integer(2);
  curve.name = row.string(3);
  curve.total = count;
  curve.last_step = row.real(4);
  curve.first_step = row.real(5);
  return curve;
}

std::vector<Run> all_runs(Cursor row) {
  std::vector<Run> runs;
  while (row.next()) runs.push_back(read_run(row));
  return runs;
}

void add_results(Database& database, Run& run) {
  Cursor row = database.query("SELECT key, value FROM result WHERE run=? ORDER BY key", {run.id});
  while (row.next()) run.results[row.text(0)] = parse_json(row.text(1), "result");
}

}  // namespace

Run read_run(Cursor& row) {
  Run run;
  run.id = row.integer(0);
  run.uid = row.string(1);
  run.cell = row.integer(2);
  run.attempt = row.integer(3);
  run.status = status_from(row.text(4));
  run.host = row.string(5);
  run.pid = row.integer(6);
  run.start = row.real(7);
  if (!row.is_null(8)) run.end = row.real(8);
  run.exit_status = optional_int(row, 9);
  run.signal = optional_int(row, 10);
  run.wall_seconds = row.real(11);
  run.cpu_seconds = row.real(12);
  run.peak_memory = row.integer(13);
  run.threads = static_cast<int>(row.integer(14));
  run.fingerprint = row.string(15);
  run.environment = row.string(16);
  run.reason = row.string(17);
  run.progress = object_at(row, 18, "progress");
  return run;
}

std::optional<Study> Store::study(const std::string& name) const {
  const std::lock_guard lock(implementation_->mutex);
  Cursor row =
      implementation_->database->query(std::string(kStudyColumns) + "WHERE name=?", {name});
  if (!row.next()) return std::nullopt;
  return read_study(row);
}

std::vector<Study> Store::studies() const {
  const std::lock_guard lock(implementation_->mutex);
  Cursor row = implementation_->database->query(std::string(kStudyColumns) + "ORDER BY name");
  std::vector<Study> studies;
  while (row.next()) studies.push_back(read_study(row));
  return studies;
}

std::vector<Look> Store::looks(const std::string& study) const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;
  Cursor row = database.query(
      "SELECT seeds, alpha_spent, time, verdicts FROM look WHERE study=? ORDER BY number",
      {study_id(database, study)});
  std::vector<Look> looks;
  while (row.next()) {
    looks.push_back({row.integer(0), row.real(1), row.real(2), object_at(row, 3, "verdicts")});
  }
  return looks;
}

std::vector<Cell> Store::cells(const std::string& study) const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;
  Cursor row = database.query(std::string(kCellColumns) + "WHERE study.id=? ORDER BY cell.id",
                              {study_id(database, study)});
  std::vector<Cell> cells;
  while (row.next()) cells.push_back(read_cell(row));
  return cells;
}

std::optional<Cell> Store::cell(CellId id) const {
  const std::lock_guard lock(implementation_->mutex);
  Cursor row =
      implementation_->database->query(std::string(kCellColumns) + "WHERE cell.id=?", {id});
  if (!row.next()) return std::nullopt;
  return read_cell(row);
}

std::vector<Run> Store::runs(const std::string& study) const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;
  Transaction transaction(database, Transaction::Kind::read);  // both queries see one state
  const std::int64_t id = study_id(database, study);
  std::vector<Run> runs = all_runs(database.query(
      std::string(kRunColumns) +
          "FROM cell JOIN run ON run.id = cell.run WHERE cell.study=? ORDER BY cell.id",
      {id}));
  Cursor row = database.query(
      "SELECT cell.run, result.key, result.value FROM cell JOIN result ON result.run = cell.run "
      "WHERE cell.study=? ORDER BY cell.id, result.key",
      {id});
  auto run = runs.begin();
  while (row.next()) {
    while (run != runs.end() && run->id != row.integer(0)) ++run;  // both in order of the cells
    if (run == runs.end()) {
      throw InputError({.source = implementation_->folder.string()},
                       "results of a run that is not there; 'ordo store check' tells what is "
                       "damaged");
    }
    run->results[row.text(1)] = parse_json(row.text(2), "result");
  }
  return runs;
}

std::optional<Run> Store::run(RunId id) const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;
  auto runs = all_runs(database.query(std::string(kRunColumns) + "FROM run WHERE id=?", {id}));
  if (runs.empty()) return std::nullopt;
  add_results(database, runs.front());
  return runs.front();
}

std::vector<Run> Store::attempts(CellId cell) const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;
  auto runs = all_runs(
      database.query(std::string(kRunColumns) + "FROM run WHERE cell=? ORDER BY attempt", {cell}));
  for (Run& run : runs) add_results(database, run);
  return runs;
}

Log Store::log(RunId run) const {
  const std::lock_guard lock(implementation_->mutex);
  Cursor row =
      implementation_->database->query("SELECT head, tail, bytes FROM log WHERE run=?", {run});
  if (!row.next()) return {};
  return {std::string(row.blob(0)), std::string(row.blob(1)), row.integer(2)};
}

std::optional<JsonObject> Store::environment(const std::string& hash) const {
  const std::lock_guard lock(implementation_->mutex);
  Cursor row =
      implementation_->database->query("SELECT json FROM environment WHERE hash=?", {hash});
  if (!row.next()) return std::nullopt;
  return object_at(row, 0, "environment");
}

std::vector<SeriesInfo> Store::series_list(RunId run) const {
  const std::lock_guard lock(implementation_->mutex);
  Cursor row = implementation_->database->query(
      "SELECT run, name, count, last_step, last_value, (SELECT low_step FROM block WHERE "
      "block.series = series.id AND level = 0 AND number = 0) FROM series WHERE run=? "
      "ORDER BY name",
      {run});
  std::vector<SeriesInfo> list;
  while (row.next()) list.push_back(read_series_info(row));
  return list;
}

std::vector<std::string> Store::series_names(const std::string& study) const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;
  Cursor row = database.query(
      "SELECT DISTINCT series.name FROM cell JOIN series ON series.run = cell.run "
      "WHERE cell.study=? ORDER BY series.name",
      {study_id(database, study)});
  std::vector<std::string> names;
  while (row.next()) names.push_back(row.string(0));
  return names;
}

Curve Store::series(RunId run, const std::string& name, std::size_t max_points, double from,
                    double to) const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;
  Transaction transaction(database, Transaction::Kind::read);
  Cursor row = database.query(
      std::string(kSeriesColumns) + "FROM series WHERE series.run=? AND series.name=?",
      {run, name});
  if (!row.next()) throw UsageError(fmt::format("run {} has no series '{}'", run, name));
  return read_curve_of(database, row, max_points, from, to);
}

std::vector<Curve> Store::study_series(const std::string& study, std::size_t max_points,
                                       const std::string& name, double from, double to) const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;
  Transaction transaction(database, Transaction::Kind::read);
  Cursor row = database.query(
      std::string(kSeriesColumns) +
          "FROM cell JOIN series ON series.run = cell.run "
          "WHERE cell.study=?1 AND (?2='' OR series.name=?2) ORDER BY cell.id, series.name",
      {study_id(database, study), name});
  std::vector<Curve> curves;
  while (row.next()) curves.push_back(read_curve_of(database, row, max_points, from, to));
  return curves;
}

std::int64_t Store::change_counter() const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;  // others' commits, and our own changes
  return database.number("PRAGMA data_version").value_or(0) +
         database.number("SELECT total_changes()").value_or(0);
}

}  // namespace ordo::store
