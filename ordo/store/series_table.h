// Series in the database: the writer that gathers points and the reader that picks the level.
// Inside the room only.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ordo/store/series.h"
#include "ordo/store/sqlite.h"
#include "ordo/store/store.h"

namespace ordo::store {

/// Gathers points in memory until they are written.
class SeriesWriter {
 public:
  void add(RunId run, std::string_view name, std::span<const double> steps,
           std::span<const double> values);
  bool empty() const { return pending_ == 0; }
  std::size_t pending() const { return pending_; }

  /// Writes what is gathered, inside the caller's transaction.
  void write(Database& database);
  /// After that transaction was committed: forgets what was written. Otherwise it is kept for
  /// the next try, and the ends of the series are read again.
  void committed();
  void rolled_back();
  /// Drops what is held for a run that ended or is gone.
  void forget(RunId run);

 private:
  struct Open {
    std::vector<double> steps, values;  // not yet committed
    std::int64_t id = 0;                // row in `series`; 0 until it is known
    SeriesTail tail;
  };
  void write_one(Database& database, RunId run, const std::string& name, Open& open);

  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };
  using OfRun = std::unordered_map<std::string, Open, NameHash, std::equal_to<>>;
  std::unordered_map<RunId, OfRun> runs_;
  std::size_t pending_ = 0;
};

/// Reads one series (row `id` with `count` points) as Store::series does.
Curve read_curve(Database& database, std::int64_t id, std::uint64_t count, std::size_t max_points,
                 double from, double to);

}  // namespace ordo::store
