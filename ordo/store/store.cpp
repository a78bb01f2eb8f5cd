#include "ordo/store/store.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include "ordo/base/error.h"
#include "ordo/base/hash.h"
#include "ordo/store/implementation.h"
#include "ordo/store/lease.h"

namespace ordo::store {
namespace {

constexpr std::array<std::string_view, 7> kStatusWords = {"pending", "running", "done", "failed",
                                                          "timeout", "killed",  "stale"};
constexpr std::size_t kMostPending = 2'000'000;  // points held in memory: 32 MB
constexpr double kHeartbeatSeconds = 5;

std::string random_uid() {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
    throw IoError("the system gives no random bytes");
  }
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

Json sorted(const Json& value) {
  if (value.is_array()) {
    Json::Array items;
    for (const Json& item : value.as_array()) items.push_back(sorted(item));
    return items;
  }
  if (!value.is_object()) return value;
  std::vector<std::string> keys;
  for (const JsonMember& member : value.as_object()) keys.push_back(member.key);
  std::sort(keys.begin(), keys.end());
  JsonObject object;
  for (const std::string& key : keys) object[key] = sorted(value.at(key));
  return object;
}

template <class T>
std::string dump_list(const std::vector<T>& items) {
  return Json::array_of(items).dump();
}

void insert_results(Database& database, RunId run, const JsonObject& values) {
  for (const JsonMember& member : values) {
    database.run("INSERT OR REPLACE INTO result VALUES(?,?,?)",
                 {run, member.key, member.value.dump()});
  }
}

void insert_log(Database& database, RunId run, const Log& log) {
  database.run("INSERT OR REPLACE INTO log VALUES(?,?,?,?)",
               {run, Bind::Blob{log.head}, Bind::Blob{log.tail}, log.bytes});
}

}  // namespace

std::string_view to_string(Status status) { return kStatusWords[static_cast<std::size_t>(status)]; }

Status status_from(std::string_view word) {
  const auto found = std::find(kStatusWords.begin(), kStatusWords.end(), word);
  if (found == kStatusWords.end()) {
    throw UsageError(
        fmt::format("unknown status '{}'; known are pending, running, done, failed, "
                    "timeout, killed, stale",
                    word));
  }
  return static_cast<Status>(found - kStatusWords.begin());
}

std::string content_hash(const Json& value) { return sha256_hex(sorted(value).dump()); }

std::string cell_key(const std::string& variant, const JsonObject& params, std::int64_t seed) {
  return content_hash(Json::object({{"variant", variant}, {"params", params}, {"seed", seed}}));
}

double now() {
  using namespace std::chrono;
  return duration<double>(system_clock::now().time_since_epoch()).count();
}

std::string dump_json(const JsonObject& object) { return Json(object).dump(); }

std::int64_t study_id(Database& database, const std::string& name) {
  const auto id = database.number("SELECT id FROM study WHERE name=?", {name});
  if (!id) {
    throw UsageError(fmt::format("there is no study '{}' in '{}'; 'ordo study list' names them",
                                 name, database.file().parent_path().string()));
  }
  return *id;
}

// ---- the thread that commits ----

Store::Implementation::Implementation(const std::filesystem::path& where, const StoreOptions& how,
                                      Context& context)
    : folder(where), options(how), database(open_database(where, how, context)) {
  if (options.access != Access::read) committer = std::thread([this] { keep_committing(); });
}

Store::Implementation::~Implementation() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  wake.notify_all();
  if (committer.joinable()) committer.join();
  end_session();
}

void Store::Implementation::require_writing() const {
  if (options.access == Access::read) {
    throw UsageError(fmt::format("the store '{}' was opened for reading", folder.string()));
  }
}

void Store::Implementation::require_run(RunId run) {
  require_writing();
  if (known_runs.contains(run)) return;
  if (!database->number("SELECT id FROM run WHERE id=?", {run})) {
    throw UsageError(fmt::format("there is no run {} in '{}'", run, folder.string()));
  }
  known_runs.insert(run);
}

void Store::Implementation::write_pending() {
  points.write(*database);
  for (const auto& [run, kept] : gathered) {
    insert_results(*database, run, kept.results);
    if (kept.log) insert_log(*database, run, *kept.log);
    if (kept.progress) {
      database->run("UPDATE run SET progress=? WHERE id=?", {dump_json(*kept.progress), run});
    }
  }
}

void Store::Implementation::forget_pending() {
  points.committed();
  gathered.clear();
  log_is_dirty = true;
}

void Store::Implementation::keep_committing() {
  using Clock = std::chrono::steady_clock;
  const auto interval = std::chrono::duration<double>(options.commit_seconds);
  auto last_sync = Clock::now(), last_beat = last_sync;
  std::unique_lock lock(mutex);
  while (!stopping) {
    wake.wait_for(lock, interval);
    const auto time = Clock::now();
    if (!points.empty() || !gathered.empty()) {
      try {
        write([](Database&) {});
      } catch (const Error&) {
        // What is gathered stays gathered; the next call that must commit throws for the caller.
      }
    }
    if (time - last_beat > std::chrono::duration<double>(kHeartbeatSeconds)) {
      beat();
      last_beat = time;
    }
    if (time - last_sync > std::chrono::seconds(1) && log_is_dirty.exchange(false)) {
      lock.unlock();  // a slow disk must not hold up the writers
      sync_log();
      lock.lock();
      last_sync = time;
    }
  }
}

void Store::Implementation::sync_log() noexcept {
  const int file = ::open((folder / "store.db-wal").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ::fdatasync(file);
  ::close(file);
}

// ---- sessions and leases ----

void Store::Implementation::begin_session() {
  if (session != 0) return;
  const ProcessIdentity& self = this_process();
  database->run("INSERT INTO session(host, boot, pid, start, heartbeat) VALUES(?,?,?,?,?)",
                {self.host, self.boot, self.pid, self.start, now()});
  session = database->last_insert_id();
}

void Store::Implementation::beat() noexcept {
  if (session == 0) return;
  try {
    database->run("UPDATE session SET heartbeat=? WHERE id=?", {now(), session});
  } catch (const Error&) {  // the next beat may come through; leases outlive many
  }
}

void Store::Implementation::end_session() noexcept {
  try {
    if (!points.empty() || !gathered.empty()) write([](Database&) {});
    if (session != 0) database->run("DELETE FROM session WHERE id=?", {session});
  } catch (const Error&) {  // a session whose process is gone counts as ended
  }
}

bool Store::Implementation::lease_is_held(std::int64_t holder) {
  Cursor row =
      database->query("SELECT host, boot, pid, start, heartbeat FROM session WHERE id=?", {holder});
  if (!row.next()) return false;
  const ProcessIdentity process{row.string(0), row.string(1), row.integer(2), row.integer(3)};
  const Liveness state = liveness(process);
  if (state == Liveness::elsewhere) return now() - row.real(4) < options.stale_lease_seconds;
  return state == Liveness::alive;
}

Store::Store(const std::filesystem::path& folder, const StoreOptions& options, Context& context)
    : implementation_(std::make_unique<Implementation>(folder, options, context)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

bool Store::exists(const std::filesystem::path& folder) {
  return std::filesystem::exists(folder / "store.db");
}

const std::filesystem::path& Store::folder() const { return implementation_->folder; }

// ---- studies ----

void Store::put_study(const Study& study) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->write([&](Database& database) {
    database.run(
        "INSERT INTO study(name, spec, spec_hash, seeds, alpha, created, tags, notes) "
        "VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(name) DO UPDATE SET spec=excluded.spec, "
        "spec_hash=excluded.spec_hash, seeds=excluded.seeds, alpha=excluded.alpha, "
        "tags=excluded.tags, notes=excluded.notes",
        {study.name, study.spec, sha256_hex(study.spec), dump_list(study.seeds), study.alpha,
         study.created == 0 ? now() : study.created, dump_list(study.tags), study.notes});
  });
}

void Store::delete_study(const std::string& name) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->write([&](Database& database) {
    const std::int64_t id = study_id(database, name);
    Cursor held =
        database.query("SELECT DISTINCT lease FROM cell WHERE study=? AND lease IS NOT NULL", {id});
    while (held.next()) {
      if (implementation_->lease_is_held(held.integer(0))) {
        throw IoError(fmt::format("study '{}' is being run; stop its runner first", name));
      }
    }
    database.run("DELETE FROM study WHERE id=?", {id});
  });
}

void Store::add_look(const std::string& study, const Look& look) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->write([&](Database& database) {
    const std::int64_t id = study_id(database, study);
    database.run(
        "INSERT INTO look SELECT ?1, 1 + coalesce(max(number), 0), ?2, ?3, ?4, ?5 FROM look WHERE "
        "study=?1",
        {id, look.seeds, look.alpha_spent, look.time == 0 ? now() : look.time,
         dump_json(look.verdicts)});
  });
}

// ---- cells ----

std::vector<CellId> Store::add_cells(const std::string& study, std::span<const CellSpec> cells) {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->write([&](Database& database) {
    const std::int64_t id = study_id(database, study);
    std::vector<CellId> ids;
    for (const CellSpec& cell : cells) {
      const std::string key =
          cell.key.empty() ? cell_key(cell.variant, cell.params, cell.seed) : cell.key;
      database.run(
          "INSERT OR IGNORE INTO cell(study, key, variant, params, seed, status) "
          "VALUES(?,?,?,?,?,'pending')",
          {id, key, cell.variant, dump_json(cell.params), cell.seed});
      ids.push_back(*database.number("SELECT id FROM cell WHERE study=? AND key=?", {id, key}));
    }
    return ids;
  });
}

bool Store::mark_stale(CellId id, const std::string& fingerprint) {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->write([&](Database& database) {
    database.run(
        "UPDATE cell SET status=iif(fingerprint=?, 'done', 'stale') "
        "WHERE id=? AND status IN ('done', 'stale')",
        {fingerprint, id});
    return database.number("SELECT status='stale' FROM cell WHERE id=?", {id}) == 1;
  });
}

bool Store::reset_cell(CellId id) {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->write([&](Database& database) {
    const auto lease = database.number("SELECT lease FROM cell WHERE id=?", {id});
    if (lease && implementation_->lease_is_held(*lease)) return false;
    // The status `running` with no lease stays: `claim` then ends the lost run first.
    database.run("UPDATE cell SET status='pending' WHERE id=? AND status<>'running'", {id});
    return true;
  });
}

std::int64_t Store::delete_cells(std::span<const CellId> ids) {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->write([&](Database& database) {
    std::int64_t deleted = 0;
    for (const CellId id : ids) {
      const auto lease = database.number("SELECT lease FROM cell WHERE id=?", {id});
      if (lease && implementation_->lease_is_held(*lease)) continue;
      deleted += database.run("DELETE FROM cell WHERE id=?", {id});
    }
    return deleted;
  });
}

// ---- running ----

std::optional<RunId> Store::claim(CellId cell, const RunStart& start,
                                  std::span<const Status> accept) {
  const std::lock_guard lock(implementation_->mutex);
  const std::int64_t session_before = implementation_->session;
  try {
    return implementation_->write([&](Database& database) -> std::optional<RunId> {
      std::int64_t attempt = 0;
      {
        Cursor row = database.query("SELECT status, lease, attempts FROM cell WHERE id=?", {cell});
        if (!row.next()) throw UsageError(fmt::format("there is no cell {}", cell));
        const Status status = status_from(row.text(0));
        if (status == Status::running) {
          if (!row.is_null(1) && implementation_->lease_is_held(row.integer(1))) return {};
        } else if (std::find(accept.begin(), accept.end(), status) == accept.end()) {
          return {};
        }
        attempt = row.integer(2) + 1;
      }
      implementation_->begin_session();
      database.run(
          "UPDATE run SET status='killed', finish=?, reason='its runner is gone' WHERE cell=? AND "
          "status='running'",
          {now(), cell});
      database.run(
          "INSERT INTO run(uid, cell, attempt, status, host, start, threads, fingerprint, "
          "environment) VALUES(?,?,?,'running',?,?,?,?,?)",
          {random_uid(), cell, attempt, this_process().host, now(), start.threads,
           start.fingerprint, start.environment});
      const RunId run = database.last_insert_id();
      database.run(
          "UPDATE cell SET status='running', lease=?, attempts=?, run=?, fingerprint=? WHERE id=?",
          {implementation_->session, attempt, run, start.fingerprint, cell});
      return run;
    });
  } catch (...) {
    implementation_->session = session_before;  // its row was rolled back
    throw;
  }
}

void Store::set_pid(RunId run, std::int64_t pid) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->write(
      [&](Database& database) { database.run("UPDATE run SET pid=? WHERE id=?", {pid, run}); });
}

void Store::add_point(RunId run, std::string_view name, double step, double value) {
  add_points(run, name, {&step, 1}, {&value, 1});
}

void Store::add_points(RunId run, std::string_view name, std::span<const double> steps,
                       std::span<const double> values) {
  if (steps.size() != values.size()) {
    throw UsageError(
        fmt::format("series '{}': {} steps but {} values", name, steps.size(), values.size()));
  }
  if (steps.empty()) return;
  const std::lock_guard lock(implementation_->mutex);
  implementation_->require_run(run);
  implementation_->points.add(run, name, steps, values);
  if (implementation_->points.pending() > kMostPending) implementation_->write([](Database&) {});
}

void Store::put_results(RunId run, const JsonObject& values) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->require_run(run);
  JsonObject& kept = implementation_->gathered[run].results;
  for (const JsonMember& member : values) kept[member.key] = member.value;
}

void Store::set_progress(RunId run, JsonObject progress) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->require_run(run);
  implementation_->gathered[run].progress = std::move(progress);
}

void Store::set_log(RunId run, Log log) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->require_run(run);
  implementation_->gathered[run].log = std::move(log);
}

void Store::finish(RunId run, const RunEnd& end) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->write([&](Database& database) {
    insert_results(database, run, end.results);
    if (!end.log_head.empty() || !end.log_tail.empty()) {
      insert_log(database, run, {end.log_head, end.log_tail, end.log_bytes});
    }
    const std::int64_t changed = database.run(
        "UPDATE run SET status=?, finish=?, exit_status=?, signal=?, wall=?, cpu=?, memory=?, "
        "reason=? WHERE id=? AND status='running'",
        {to_string(end.status), now(), end.exit_status, end.signal, end.wall_seconds,
         end.cpu_seconds, end.peak_memory, end.reason, run});
    if (changed == 0) {
      throw UsageError(
          fmt::format("run {} is not running: it was finished, or its cell was taken "
                      "over by another runner",
                      run));
    }
    database.run("UPDATE cell SET status=?, lease=NULL WHERE run=?", {to_string(end.status), run});
  });
  implementation_->points.forget(run);
  implementation_->known_runs.erase(run);
}

void Store::flush() {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->write([](Database&) {});
}

std::string Store::put_environment(const JsonObject& environment) {
  const std::string hash = content_hash(environment);
  const std::lock_guard lock(implementation_->mutex);
  implementation_->write([&](Database& database) {
    database.run("INSERT OR IGNORE INTO environment VALUES(?,?)", {hash, dump_json(environment)});
  });
  return hash;
}

}  // namespace ordo::store
