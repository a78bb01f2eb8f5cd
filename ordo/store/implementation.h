// What a Store keeps. Inside the room only: store.cpp opens and writes, read.cpp reads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "ordo/store/schema.h"
#include "ordo/store/series_table.h"
#include "ordo/store/store.h"

namespace ordo::store {

/// Seconds since 1970.
double now();
/// Keeps pace with struct Run: what every query for runs selects, without its FROM.
extern const char* const kRunColumns;
Run read_run(Cursor& row);
/// The row of a study; throws UsageError naming it if there is none.
std::int64_t study_id(Database& database, const std::string& name);

std::string dump_json(const JsonObject& object);

struct Store::Implementation {
  Implementation(const std::filesystem::path& folder, const StoreOptions& options,
                 Context& context);
  ~Implementation();

  /// Runs `work(database)` in a write transaction together with everything gathered.
  template <class Work>
  auto write(Work work);
  void write_pending();
  void forget_pending();
  void begin_session();
  void end_session() noexcept;
  /// Whether a living runner other than those gone holds the lease of this row of `session`.
  bool lease_is_held(std::int64_t session);
  void keep_committing();
  void beat() noexcept;
  void sync_log() noexcept;
  void require_writing() const;
  /// Throws UsageError unless there is such a run; looked up once a run.
  void require_run(RunId run);

  std::filesystem::path folder;
  StoreOptions options;
  std::unique_ptr<Database> database;
  std::mutex mutex;  // guards everything below and the database

  struct Gathered {
    JsonObject results;
    std::optional<JsonObject> progress;
    std::optional<Log> log;
  };
  SeriesWriter points;
  std::map<RunId, Gathered> gathered;
  std::set<RunId> known_runs;  // open runs that points may be added to
  std::int64_t session = 0;    // row in `session`; 0 until a cell is claimed

  std::condition_variable wake;
  bool stopping = false;
  std::thread committer;
  std::atomic<bool> log_is_dirty = false;
};

template <class Work>
auto Store::Implementation::write(Work work) {
  require_writing();
  Transaction transaction(*database);
  try {
    write_pending();
    if constexpr (std::is_void_v<decltype(work(*database))>) {
      work(*database);
      transaction.commit();
      forget_pending();
    } else {
      auto result = work(*database);
      transaction.commit();
      forget_pending();
      return result;
    }
  } catch (...) {
    points.rolled_back();
    throw;
  }
}

}  // namespace ordo::store
