#include "ordo/store/sqlite.h"

#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "ordo/base/error.h"

namespace ordo::store {
namespace {

// The processes that hold locks on the database or its shared memory, out of /proc/locks. Empty if
// that is not to be had, or if they are on another host.
std::vector<std::string> lock_holders(const std::filesystem::path& file) {
  std::set<unsigned long long> inodes;
  for (const char* suffix : {"", "-shm", "-wal"}) {
    struct stat status{};
    if (::stat((file.string() + suffix).c_str(), &status) == 0) inodes.insert(status.st_ino);
  }
  std::set<long> pids;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    // "1: POSIX  ADVISORY  WRITE 1234 fe:00:5678 120 120"
    std::istringstream words(line);
    std::string number, kind, advisory, access, inode;
    long pid = 0;
    words >> number >> kind >> advisory >> access >> pid >> inode;
    const std::size_t colon = inode.rfind(':');
    if (!words || access != "WRITE" || colon == std::string::npos || pid <= 0) continue;
    if (inodes.contains(std::strtoull(inode.c_str() + colon + 1, nullptr, 10))) pids.insert(pid);
  }
  std::vector<std::string> holders;
  for (const long pid : pids) {
    std::ifstream name_file(fmt::format("/proc/{}/comm", pid));
    std::string name;
    std::getline(name_file, name);
    holders.push_back(fmt::format("process {} ({})", pid, name.empty() ? "unknown" : name));
  }
  return holders;
}

std::string free_space(const std::filesystem::path& file) {
  std::error_code error;
  const auto space = std::filesystem::space(file.parent_path(), error);
  if (error) return "an unknown number of";
  return fmt::format("{:.1f} MB", static_cast<double>(space.available) / 1e6);
}

}  // namespace

Cursor::Cursor(Database& database, sqlite3_stmt* statement)
    : database_(&database), statement_(statement) {}

Cursor::Cursor(Cursor&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

Cursor::~Cursor() {
  if (statement_ != nullptr) database_->give_back(statement_);
}

bool Cursor::next() {
  const int code = sqlite3_step(statement_);
  if (code != SQLITE_ROW && code != SQLITE_DONE) database_->fail(code);
  return code == SQLITE_ROW;
}

bool Cursor::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Cursor::integer(int column) const { return sqlite3_column_int64(statement_, column); }

double Cursor::real(int column) const {
  return is_null(column) ? std::numeric_limits<double>::quiet_NaN()
                         : sqlite3_column_double(statement_, column);
}

std::string_view Cursor::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Cursor::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Database::Database(const std::filesystem::path& file, Mode mode, double lock_seconds)
    : file_(file), lock_seconds_(lock_seconds) {
  int flags = SQLITE_OPEN_NOMUTEX;
  std::string name = file.string();
  if (mode == Mode::immutable) {
    // Only an URI says `immutable`; its own marks in the path are escaped.
    std::string escaped;
    for (const char c : std::filesystem::absolute(file).string()) {
      escaped += c == '%' || c == '?' || c == '#'
                     ? fmt::format("%{:02X}", static_cast<unsigned char>(c))
                     : std::string(1, c);
    }
    name = "file://" + escaped + "?immutable=1";
    flags |= SQLITE_OPEN_URI;
  }
  if (mode == Mode::create) flags |= SQLITE_OPEN_CREATE;
  const bool reads = mode == Mode::read || mode == Mode::immutable;
  flags |= reads ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  const int code = sqlite3_open_v2(name.c_str(), &handle_, flags, nullptr);
  try {
    if (handle_ == nullptr || code != SQLITE_OK) fail(code);
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, static_cast<int>(lock_seconds * 1000));
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    // A schema in a file from elsewhere may name functions; none of them is trusted.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  } catch (...) {
    close();
    throw;
  }
}

Database::~Database() { close(); }

void Database::close() {
  for (auto& [text, statements] : idle_) {
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  }
  idle_.clear();
  sqlite3_close_v2(handle_);
  handle_ = nullptr;
}

void Database::execute(const std::string& statements) {
  const int code = sqlite3_exec(handle_, statements.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

sqlite3_stmt* Database::prepare(std::string_view statement) {
  auto kept = idle_.find(std::string(statement));
  if (kept != idle_.end() && !kept->second.empty()) {
    sqlite3_stmt* ready = kept->second.back();
    kept->second.pop_back();
    return ready;
  }
  sqlite3_stmt* fresh = nullptr;
  const int code = sqlite3_prepare_v3(handle_, statement.data(), static_cast<int>(statement.size()),
                                      SQLITE_PREPARE_PERSISTENT, &fresh, nullptr);
  if (code != SQLITE_OK) fail(code);
  return fresh;
}

void Database::give_back(sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  idle_[sqlite3_sql(statement)].push_back(statement);
}

Cursor Database::query(std::string_view statement, std::initializer_list<Bind> values) {
  sqlite3_stmt* prepared = prepare(statement);
  Cursor cursor(*this, prepared);
  int place = 0;
  for (const Bind& bind : values) {
    ++place;
    int code = SQLITE_OK;
    if (const auto* whole = std::get_if<std::int64_t>(&bind.value_)) {
      code = sqlite3_bind_int64(prepared, place, *whole);
    } else if (const auto* real = std::get_if<double>(&bind.value_)) {
      code = sqlite3_bind_double(prepared, place, *real);
    } else if (const auto* text = std::get_if<std::string_view>(&bind.value_)) {
      code = sqlite3_bind_text64(prepared, place, text->data() == nullptr ? "" : text->data(),
                                 text->size(), SQLITE_STATIC, SQLITE_UTF8);
    } else if (const auto* blob = std::get_if<Bind::Blob>(&bind.value_)) {
      code = sqlite3_bind_blob64(prepared, place,
                                 blob->bytes.data() == nullptr ? "" : blob->bytes.data(),
                                 blob->bytes.size(), SQLITE_STATIC);
    }
    if (code != SQLITE_OK) fail(code);
  }
  return cursor;
}

std::int64_t Database::run(std::string_view statement, std::initializer_list<Bind> values) {
  Cursor cursor = query(statement, values);
  while (cursor.next()) {
  }
  return sqlite3_changes64(handle_);
}

std::optional<std::int64_t> Database::number(std::string_view statement,
                                             std::initializer_list<Bind> values) {
  Cursor cursor = query(statement, values);
  if (!cursor.next() || cursor.is_null(0)) return std::nullopt;
  return cursor.integer(0);
}

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }

void Database::fail(int code) const {
  const std::string reason = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
  const std::string name = file_.string();
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: {
      const auto holders = lock_holders(file_);
      throw IoError(fmt::format("the store '{}' stayed locked for {} s; {}", name, lock_seconds_,
                                holders.empty()
                                    ? "who holds it is not known"
                                    : fmt::format("{} holds it", fmt::join(holders, ", "))));
    }
    case SQLITE_FULL:
      throw IoError(
          fmt::format("no room to write '{}': {} are free on its file system; free some "
                      "and run again, what was committed is kept",
                      name, free_space(file_)));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw InputError({.source = name}, fmt::format("the store is damaged or is none: {}; see "
                                                     "'ordo store check', or restore a copy",
                                                     reason));
    case SQLITE_READONLY:
    case SQLITE_PERM:
      throw IoError(
          fmt::format("cannot write '{}': {}; open it read-only, or give write access to "
                      "the file and its folder",
                      name, reason));
    case SQLITE_CANTOPEN:
      throw IoError(fmt::format("cannot open '{}': {}", name, reason));
    default:
      throw IoError(fmt::format("cannot use '{}': {} (SQLite code {})", name, reason, code));
  }
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
  database_.run(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  // After some errors (a full disk) SQLite has rolled back by itself.
  if (open_ && sqlite3_get_autocommit(database_.handle_) == 0) {
    sqlite3_exec(database_.handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace ordo::store
