// The run store: everything a study's cells left behind, in one folder.
//
//   store.db            SQLite, write-ahead log: studies, cells, runs, results, series,
//   environments artifacts/ab/cdef…  files by the SHA-256 of their content
//
// Recorded means committed: once `claim`, `finish` or any other call returns, a kill -9 of this or
// any process loses nothing of it. Metric points, progress and logs of open runs are gathered in
// memory and committed by a thread of the store twice a second. A power cut loses at most the last
// second (the write-ahead log is flushed to the disk once a second) and never damages the store.
//
// A Store may be used by several threads; several processes may open one folder, reading while
// another writes. Two runners on one folder share the cells by leases.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/base/json.h"

namespace ordo::store {

/// Version of the store format that this library writes, and the newest that it reads.
inline constexpr int kStoreVersion = 1;

using CellId = std::int64_t;
using RunId = std::int64_t;

/// What became of a cell, and of a run of it.
enum class Status {
  pending,  ///< not run yet
  running,  ///< held by a runner
  done,     ///< finished with exit status 0
  failed,   ///< ended with another exit status or a signal of its own, or could not start
  timeout,  ///< stopped because its time was up
  killed,   ///< stopped by a limit, by the user, or lost with its runner
  stale,    ///< done, but by a program or command that has changed since
};
std::string_view to_string(Status status);
/// Throws UsageError for an unknown word.
Status status_from(std::string_view word);

/// A study as it was registered.
struct Study {
  std::string name;
  std::string spec;                 ///< the TOML text
  std::string spec_hash;            ///< SHA-256 of `spec`; filled in by the store
  std::vector<std::int64_t> seeds;  ///< registered, so that later looks are known as such
  double alpha = 0.05;              ///< level of all its claims together
  double created = 0;               ///< Unix time in seconds; filled in if 0
  std::vector<std::string> tags;
  std::string notes;
};

/// One evaluation of a study's claims.
struct Look {
  std::int64_t seeds = 0;  ///< seeds a variant then
  double alpha_spent = 0;  ///< level spent by this look
  double time = 0;         ///< Unix time; filled in if 0
  JsonObject verdicts;     ///< what it said, as the caller likes
};

/// A cell to be registered.
struct CellSpec {
  std::string variant;
  JsonObject params;  ///< all its parameters, those fixed too
  std::int64_t seed = 0;
  std::string key =
      {};  ///< what identifies it in its study; empty: cell_key(variant, params, seed)
};

struct Cell {
  CellId id = 0;
  std::string study;
  std::string variant;
  JsonObject params;
  std::int64_t seed = 0;
  std::string key;
  Status status = Status::pending;
  std::string fingerprint;  ///< program and command under which it was last run
  std::int64_t attempts = 0;
  std::optional<RunId> run;  ///< the run that counts: the latest
};

/// What is known when a run starts.
struct RunStart {
  std::string fingerprint;       ///< hash of program and command
  std::string environment = {};  ///< from put_environment; may be empty
  int threads = 1;
};

/// What is known when it has ended.
struct RunEnd {
  Status status = Status::done;
  std::optional<int> exit_status = {};
  std::optional<int> signal = {};
  double wall_seconds = 0;
  double cpu_seconds = 0;        ///< user and system, with children
  std::int64_t peak_memory = 0;  ///< bytes
  std::string log_head = {};     ///< first part of its output, any bytes
  std::string log_tail = {};     ///< last part; empty if the head is all
  std::int64_t log_bytes = 0;    ///< size of the whole output
  std::string reason = {};       ///< why it did not end well, in words
  JsonObject results = {};       ///< added to those of put_results
};

/// One attempt at a cell. Its logs are apart (`log`), since they may be large.
struct Run {
  RunId id = 0;
  std::string uid;  ///< 32 hex digits, unique among all stores
  CellId cell = 0;
  std::int64_t attempt = 1;
  Status status = Status::running;
  std::string host;
  std::int64_t pid = 0;  ///< of the cell's process, if it was told by set_pid
  double start = 0;      ///< Unix time
  std::optional<double> end;
  std::optional<int> exit_status, signal;
  double wall_seconds = 0, cpu_seconds = 0;
  std::int64_t peak_memory = 0;
  int threads = 1;
  std::string fingerprint, environment, reason;
  JsonObject results;
  JsonObject progress;  ///< the last one told, for live views
};

struct Log {
  std::string head, tail;
  std::int64_t bytes = 0;  ///< of the whole output; more than head and tail hold if it was cut
};

struct SeriesInfo {
  RunId run = 0;
  std::string name;
  std::uint64_t count = 0;
  double first_step = 0, last_step = 0, last_value = 0;
};

/// A series as it is drawn. If `low` is empty it is exact; else each entry stands for `width`
/// points that follow each other (the last for fewer).
struct Curve {
  RunId run = 0;
  std::string name;
  std::uint64_t count = 0;               ///< points that it stands for
  std::uint64_t width = 1;               ///< points an entry
  std::uint64_t total = 0;               ///< points of the whole series
  double first_step = 0, last_step = 0;  ///< of the whole series
  std::vector<double> step;              ///< of an entry's first point
  std::vector<double> value;             ///< mean of those not NaN
  std::vector<double> low, high;
};

/// How a study stands, for lists and live views.
struct StudySummary {
  std::string name;
  std::map<Status, std::int64_t> counts;  ///< cells by status; those that are 0 are left out
  std::int64_t cells = 0;
  std::int64_t runs = 0;    ///< attempts at all cells
  std::int64_t points = 0;  ///< of all runs
  double changed = 0;       ///< Unix time of the last start, end, look or registration
  std::string revision;     ///< changes whenever anything of the study does
};

/// How a cell stands.
struct CellState {
  CellId cell = 0;
  std::optional<RunId> run;  ///< that counts
  Status status = Status::pending;
  std::int64_t attempts = 0;
  std::int64_t points = 0;  ///< of that run, all series
  std::string progress;     ///< the last one told, as JSON; may be empty

  friend bool operator==(const CellState&, const CellState&) = default;
};

/// A metric over the runs of a study that count.
struct MetricSummary {
  std::string name;
  std::int64_t runs = 0;
  std::int64_t points = 0;
};

/// Where runs of a study ran.
struct EnvironmentUse {
  std::string hash;
  std::int64_t cells = 0;  ///< that have a finished run there
};

struct ArtifactRecord {
  RunId run = 0;
  std::string name;
  std::string type;  ///< media type, or empty
  std::string hash;  ///< SHA-256, 64 hex digits
  std::int64_t size = 0;
};

/// SHA-256 of the canonical form (sorted keys) of what identifies a cell.
std::string cell_key(const std::string& variant, const JsonObject& params, std::int64_t seed);
/// SHA-256 of a JSON value with the keys of its objects sorted: equal values, equal hash.
std::string content_hash(const Json& value);

enum class Access {
  read,    ///< the store must be there; it is never changed
  write,   ///< the store must be there
  create,  ///< made if it is not there
};

struct StoreOptions {
  Access access = Access::create;
  double lock_seconds = 10;         ///< how long to wait for another process's transaction
  double commit_seconds = 0.45;     ///< how often points of open runs are committed
  double stale_lease_seconds = 60;  ///< age of another host's heartbeat that frees its cells
};

class Store {
 public:
  /// Opens the store in `folder`. Warns through the context if the folder lies on a network file
  /// system. Throws IoError if it is missing, locked, not readable or not writable, InputError if
  /// it is corrupt, no store, or newer than kStoreVersion.
  Store(const std::filesystem::path& folder, const StoreOptions& options, Context& context);
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  /// Whether there is a store in `folder`.
  static bool exists(const std::filesystem::path& folder);
  const std::filesystem::path& folder() const;

  // ---- studies ----

  /// Registers a study, or replaces the registration of that name; its cells stay.
  void put_study(const Study& study);
  std::optional<Study> study(const std::string& name) const;
  std::vector<Study> studies() const;  ///< by name
  /// Removes a study with all its cells and runs; artifacts and space go at the next gc. Throws
  /// IoError while a living runner holds a cell of it, UsageError if there is none.
  void delete_study(const std::string& name);
  void add_look(const std::string& study, const Look& look);
  std::vector<Look> looks(const std::string& study) const;  ///< in order

  // ---- cells ----

  /// Registers cells, pending; those whose key is known already stay as they are. Returns their
  /// ids in order. One transaction.
  std::vector<CellId> add_cells(const std::string& study, std::span<const CellSpec> cells);
  std::vector<Cell> cells(const std::string& study) const;  ///< in order of registration
  std::optional<Cell> cell(CellId id) const;
  /// Marks the cell stale if it is done under another fingerprint than this, the one it would have
  /// now, and done again if it is stale but has this one after all. Returns whether it is stale.
  bool mark_stale(CellId id, const std::string& fingerprint);
  /// Makes a cell pending again, so that it will be run. False if a living runner holds it.
  bool reset_cell(CellId id);
  /// Removes cells with their runs. Those that a living runner holds stay; returns how many went.
  std::int64_t delete_cells(std::span<const CellId> ids);

  // ---- running: leases, points, ends ----

  /// Takes the cell for this process and starts a run of it, at once or not at all. Nothing is
  /// taken (nullopt) if a living runner holds it or if its status is not among `accept`. A cell
  /// whose runner is gone is free whatever `accept` says; its lost run ends as killed.
  std::optional<RunId> claim(CellId cell, const RunStart& start,
                             std::span<const Status> accept = kDefaultAccept);
  static constexpr Status kDefaultAccept[] = {Status::pending, Status::stale};
  void set_pid(RunId run, std::int64_t pid);

  void add_point(RunId run, std::string_view name, double step, double value);
  /// As many as `steps` has; the spans are of equal length.
  void add_points(RunId run, std::string_view name, std::span<const double> steps,
                  std::span<const double> values);
  /// Later values overwrite equal keys. Committed with the next points, or by `finish`.
  void put_results(RunId run, const JsonObject& values);
  void set_progress(RunId run, JsonObject progress);
  void set_log(RunId run, Log log);
  /// Copies a file into the store (or finds it there) and records it under `name`.
  ArtifactRecord add_artifact(RunId run, const std::filesystem::path& file, const std::string& name,
                              const std::string& type = {});
  /// Ends a run and frees its cell: everything gathered, the results and the status in one
  /// transaction.
  void finish(RunId run, const RunEnd& end);
  /// Commits what is gathered now.
  void flush();
  /// Keeps an environment record once, and returns the hash that RunStart::environment takes.
  std::string put_environment(const JsonObject& environment);

  // ---- reading ----

  /// The run that counts of every cell that has one, with results, in order of the cells.
  std::vector<Run> runs(const std::string& study) const;
  std::optional<Run> run(RunId id) const;
  std::vector<Run> attempts(CellId cell) const;  ///< first to last
  Log log(RunId run) const;
  std::optional<JsonObject> environment(const std::string& hash) const;
  std::vector<SeriesInfo> series_list(RunId run) const;  ///< by name
  std::vector<std::string> series_names(const std::string& study) const;
  /// The points with from <= step <= to: all of them if they are at most `max_points`, else the
  /// level of the pyramid that comes nearest. Throws UsageError if there is no such series.
  Curve series(RunId run, const std::string& name, std::size_t max_points = 1000,
               double from = -std::numeric_limits<double>::infinity(),
               double to = std::numeric_limits<double>::infinity()) const;
  /// Every series of the runs that count, each of at most `max_points` entries with steps from
  /// `from` to `to`, in one pass; only those called `name` if it is not empty.
  std::vector<Curve> study_series(const std::string& study, std::size_t max_points = 1000,
                                  const std::string& name = {},
                                  double from = -std::numeric_limits<double>::infinity(),
                                  double to = std::numeric_limits<double>::infinity()) const;
  std::vector<ArtifactRecord> artifacts(RunId run) const;
  std::filesystem::path artifact_path(const std::string& hash) const;
  /// Every study, in order of registration. O(cells, runs and series), without reading any.
  std::vector<StudySummary> summaries() const;
  std::vector<CellState> cell_states(const std::string& study) const;  ///< in order of registration
  std::vector<MetricSummary> metrics(const std::string& study) const;  ///< by name
  /// Environments of finished runs, whether these count or not; the last used first.
  std::vector<EnvironmentUse> environments(const std::string& study) const;
  /// Changes whenever any process committed something: for live views that poll.
  std::int64_t change_counter() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace ordo::store
