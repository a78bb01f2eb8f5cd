#include "ordo/store/series_table.h"

#include <algorithm>
#include <cmath>

namespace ordo::store {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Least and greatest of the steps that are not NaN: SQLite has no NaN, and NULL never compares.
std::pair<double, double> step_range(const std::vector<double>& steps) {
  double low = kInfinity, high = -kInfinity;
  for (const double step : steps) {
    low = std::fmin(low, step);
    high = std::fmax(high, step);
  }
  return {low, high};
}

Buckets read_block(Database& database, std::int64_t id, int level, std::uint64_t number) {
  Cursor row = database.query(
      "SELECT count, data FROM block WHERE series=? AND level=? AND number=?", {id, level, number});
  if (!row.next()) return {};
  return unpack_block(row.blob(1), static_cast<std::size_t>(row.integer(0)), level);
}

void write_block(Database& database, std::int64_t id, int level, std::uint64_t number,
                 const Buckets& block) {
  const auto [low, high] = step_range(block.step);
  const std::string data = pack_block(block);
  database.run("INSERT OR REPLACE INTO block VALUES(?,?,?,?,?,?,?)",
               {id, level, number, block.size(), low, high, Bind::Blob{data}});
}

// Entries of one level that begin at point `begin` or later and whose step is in range.
void append_level(Database& database, std::int64_t id, int level, std::uint64_t begin, double from,
                  double to, Buckets& out) {
  std::uint64_t points_an_entry = 1;
  for (int l = 0; l < level; ++l) points_an_entry *= kFanOut;
  const std::uint64_t first = begin / points_an_entry;
  Cursor row = database.query(
      "SELECT number, count, data FROM block WHERE series=?1 AND level=?2 AND number IN "
      "(SELECT number FROM block WHERE series=?1 AND level=?2 AND low_step<=?5 AND high_step>=?4 "
      "AND number>=?3) ORDER BY number",
      {id, level, first / kBlockSize, from, to});
  while (row.next()) {
    const auto start = static_cast<std::uint64_t>(row.integer(0)) * kBlockSize;
    Buckets block = unpack_block(row.blob(2), static_cast<std::size_t>(row.integer(1)), level);
    for (std::size_t i = first > start ? first - start : 0; i < block.size(); ++i) {
      if (block.step[i] >= from && block.step[i] <= to) out.append(block, i, i + 1);
    }
  }
}

// All entries in range at `level`, the finer levels giving what does not fill a bucket at the end.
Buckets read_level(Database& database, std::int64_t id, std::uint64_t count, int level, double from,
                   double to) {
  Buckets out;
  std::uint64_t width = 1;
  for (int l = 0; l < level; ++l) width *= kFanOut;
  append_level(database, id, level, 0, from, to, out);
  Buckets rest;
  for (int finer = level - 1; finer >= 0; --finer) {
    const std::uint64_t begin = count / width * width;
    width /= kFanOut;
    Buckets part;
    append_level(database, id, finer, begin, from, to, part);
    if (finer == 0 && part.size() > 0) part = summarise(part, 1);
    if (part.size() > 0) rest.append(part, 0, part.size());
  }
  if (rest.size() > 0) {
    const Buckets last = summarise(rest, rest.size());
    out.append(last, 0, 1);
  }
  return out;
}

std::uint64_t count_in_range(Database& database, std::int64_t id, double from, double to) {
  const auto counted = database.number(
      "SELECT sum(count) FROM block WHERE series=? AND level=0 AND high_step>=? AND low_step<=?",
      {id, from, to});
  return static_cast<std::uint64_t>(counted.value_or(0));
}

}  // namespace

void SeriesWriter::add(RunId run, std::string_view name, std::span<const double> steps,
                       std::span<const double> values) {
  OfRun& of_run = runs_[run];
  auto found = of_run.find(name);
  if (found == of_run.end()) found = of_run.emplace(std::string(name), Open{}).first;
  Open& open = found->second;
  open.steps.insert(open.steps.end(), steps.begin(), steps.end());
  open.values.insert(open.values.end(), values.begin(), values.end());
  pending_ += steps.size();
}

void SeriesWriter::write_one(Database& database, RunId run, const std::string& name, Open& open) {
  if (open.id == 0) {
    database.run("INSERT OR IGNORE INTO series(run, name, count) VALUES(?,?,0)", {run, name});
    Cursor row = database.query("SELECT id, count FROM series WHERE run=? AND name=?", {run, name});
    row.next();
    const std::int64_t id = row.integer(0);
    open.tail = SeriesTail(
        static_cast<std::uint64_t>(row.integer(1)),
        [&](int level, std::uint64_t number) { return read_block(database, id, level, number); });
    open.id = id;
  }
  open.tail.append(open.steps, open.values,
                   [&](int level, std::uint64_t number, const Buckets& block) {
                     write_block(database, open.id, level, number, block);
                   });
  database.run("UPDATE series SET count=?, last_step=?, last_value=? WHERE id=?",
               {open.tail.count(), open.steps.back(), open.values.back(), open.id});
}

void SeriesWriter::write(Database& database) {
  for (auto& [run, of_run] : runs_) {
    for (auto& [name, open] : of_run) {
      if (!open.steps.empty()) write_one(database, run, name, open);
    }
  }
}

void SeriesWriter::committed() {
  for (auto& [run, of_run] : runs_) {
    for (auto& [name, open] : of_run) {
      open.steps.clear();
      open.values.clear();
    }
  }
  pending_ = 0;
}

void SeriesWriter::rolled_back() {
  for (auto& [run, of_run] : runs_) {
    for (auto& [name, open] : of_run) open.id = 0;
  }
}

void SeriesWriter::forget(RunId run) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return;
  for (const auto& [name, open] : found->second) pending_ -= open.steps.size();
  runs_.erase(found);
}

Curve read_curve(Database& database, std::int64_t id, std::uint64_t count, std::size_t max_points,
                 double from, double to) {
  const bool whole = from == -kInfinity && to == kInfinity;
  const std::uint64_t in_range = whole ? count : count_in_range(database, id, from, to);
  max_points = std::max<std::size_t>(max_points, 1);
  // The coarsest level that still has max_points entries; what is too many is summarised here.
  int level = 0;
  std::uint64_t entry_width = 1;
  while (in_range / (entry_width * kFanOut) >= max_points) {
    ++level;
    entry_width *= kFanOut;
  }
  Buckets entries = read_level(database, id, count, level, from, to);
  const std::size_t group = (entries.size() + max_points - 1) / max_points;
  if (group > 1) entries = summarise(entries, group);
  Curve curve;
  curve.count = whole ? count : in_range;
  curve.width = entry_width * std::max<std::size_t>(group, 1);
  if (level == 0 && !whole && group <= 1) curve.count = entries.size();
  curve.step = std::move(entries.step);
  curve.value = std::move(entries.mean);
  curve.low = std::move(entries.low);
  curve.high = std::move(entries.high);
  return curve;
}

}  // namespace ordo::store
