// What live views ask again and again: how studies and cells stand, without their results.
#include <map>

#include <fmt/format.h>

#include "ordo/base/hash.h"
#include "ordo/store/implementation.h"

namespace ordo::store {
namespace {

constexpr std::size_t kRevisionDigits = 16;

// What is known of a study while the queries run, by its row.
struct Gathered {
  StudySummary summary;
  std::string state;  // everything that a change would change
};

void gather_studies(Database& database, std::map<std::int64_t, Gathered>& all) {
  Cursor row = database.query(
      "SELECT study.id, name, spec_hash, tags, notes, created, "
      "(SELECT count(*) FROM look WHERE look.study = study.id), "
      "(SELECT max(time) FROM look WHERE look.study = study.id) FROM study");
  while (row.next()) {
    Gathered& one = all[row.integer(0)];
    one.summary.name = row.string(1);
    one.summary.changed = std::max(row.real(5), row.is_null(7) ? 0 : row.real(7));
    one.state = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", row.text(1), row.text(2), row.text(3),
                            row.text(4), row.real(5), row.integer(6));
  }
}

void gather_cells(Database& database, std::map<std::int64_t, Gathered>& all) {
  Cursor row = database.query(
      "SELECT study, status, count(*), sum(attempts), sum(run), max(id) FROM cell "
      "GROUP BY study, status ORDER BY study, status");
  while (row.next()) {
    Gathered& one = all[row.integer(0)];
    one.summary.counts[status_from(row.text(1))] = row.integer(2);
    one.summary.cells += row.integer(2);
    one.state += fmt::format("\n{} {} {} {} {}", row.text(1), row.integer(2), row.integer(3),
                             row.integer(4), row.integer(5));
  }
}

void gather_runs(Database& database, std::map<std::int64_t, Gathered>& all) {
  Cursor row = database.query(
      "SELECT cell.study, count(*), max(run.start), max(run.finish), "
      "group_concat(CASE WHEN run.status='running' THEN run.progress END) "
      "FROM run JOIN cell ON cell.id = run.cell GROUP BY cell.study");
  while (row.next()) {
    Gathered& one = all[row.integer(0)];
    one.summary.runs = row.integer(1);
    one.summary.changed =
        std::max({one.summary.changed, row.real(2), row.is_null(3) ? 0 : row.real(3)});
    one.state += fmt::format("\n{} {} {} {}", row.integer(1), row.real(2),
                             row.is_null(3) ? 0 : row.real(3), row.text(4));
  }
}

void gather_points(Database& database, std::map<std::int64_t, Gathered>& all) {
  Cursor row = database.query(
      "SELECT cell.study, count(*), sum(series.count) FROM series "
      "JOIN run ON run.id = series.run JOIN cell ON cell.id = run.cell GROUP BY cell.study");
  while (row.next()) {
    Gathered& one = all[row.integer(0)];
    one.summary.points = row.integer(2);
    one.state += fmt::format("\n{} {}", row.integer(1), row.integer(2));
  }
}

}  // namespace

std::vector<StudySummary> Store::summaries() const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;
  Transaction transaction(database, Transaction::Kind::read);  // all queries see one state
  std::map<std::int64_t, Gathered> all;
  gather_studies(database, all);
  gather_cells(database, all);
  gather_runs(database, all);
  gather_points(database, all);
  std::vector<StudySummary> summaries;
  for (auto& [id, one] : all) {
    one.summary.revision = sha256_hex(one.state).substr(0, kRevisionDigits);
    summaries.push_back(std::move(one.summary));
  }
  return summaries;
}

std::vector<CellState> Store::cell_states(const std::string& study) const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;
  Cursor row = database.query(
      "SELECT cell.id, cell.run, cell.status, cell.attempts, run.progress, "
      "(SELECT sum(series.count) FROM series WHERE series.run = cell.run) "
      "FROM cell LEFT JOIN run ON run.id = cell.run WHERE cell.study=? ORDER BY cell.id",
      {study_id(database, study)});
  std::vector<CellState> states;
  while (row.next()) {
    CellState& state = states.emplace_back();
    state.cell = row.integer(0);
    if (!row.is_null(1)) state.run = row.integer(1);
    state.status = status_from(row.text(2));
    state.attempts = row.integer(3);
    if (!row.is_null(4)) state.progress = row.string(4);
    if (!row.is_null(5)) state.points = row.integer(5);
  }
  return states;
}

std::vector<MetricSummary> Store::metrics(const std::string& study) const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;
  Cursor row = database.query(
      "SELECT series.name, count(*), sum(series.count) FROM cell "
      "JOIN series ON series.run = cell.run WHERE cell.study=? GROUP BY series.name "
      "ORDER BY series.name",
      {study_id(database, study)});
  std::vector<MetricSummary> metrics;
  while (row.next()) metrics.push_back({row.string(0), row.integer(1), row.integer(2)});
  return metrics;
}

std::vector<EnvironmentUse> Store::environments(const std::string& study) const {
  const std::lock_guard lock(implementation_->mutex);
  Database& database = *implementation_->database;
  Cursor row = database.query(
      "SELECT run.environment, count(DISTINCT cell.id) FROM cell JOIN run ON run.cell = cell.id "
      "WHERE cell.study=? AND run.status='done' AND run.environment<>'' GROUP BY run.environment "
      "ORDER BY max(run.id) DESC",
      {study_id(database, study)});
  std::vector<EnvironmentUse> environments;
  while (row.next()) environments.push_back({row.string(0), row.integer(1)});
  return environments;
}

}  // namespace ordo::store
