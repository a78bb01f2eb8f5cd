#include "ordo/store/schema.h"

#include <array>

#include <fmt/format.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ordo/base/error.h"

namespace ordo::store {
namespace {

constexpr std::int64_t kApplicationId = 0x4f52444f;  // "ORDO", in SQLite's header

// Ids count up and are never used again. JSON is kept as text. Times are Unix seconds.
constexpr const char* kSchema = R"sql(
CREATE TABLE study(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, spec TEXT NOT NULL,
  spec_hash TEXT NOT NULL, seeds TEXT NOT NULL, alpha REAL NOT NULL, created REAL NOT NULL,
  tags TEXT NOT NULL, notes TEXT NOT NULL);
CREATE TABLE look(
  study INTEGER NOT NULL REFERENCES study ON DELETE CASCADE, number INTEGER NOT NULL,
  seeds INTEGER NOT NULL, alpha_spent REAL NOT NULL, time REAL NOT NULL, verdicts TEXT NOT NULL,
  PRIMARY KEY(study, number)) WITHOUT ROWID;
-- A process that has the store open for writing: what leases are held by.
CREATE TABLE session(
  id INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL, boot TEXT NOT NULL,
  pid INTEGER NOT NULL, start INTEGER NOT NULL, heartbeat REAL NOT NULL);
CREATE TABLE cell(
  id INTEGER PRIMARY KEY AUTOINCREMENT, study INTEGER NOT NULL REFERENCES study ON DELETE CASCADE,
  key TEXT NOT NULL, variant TEXT NOT NULL, params TEXT NOT NULL, seed INTEGER NOT NULL,
  status TEXT NOT NULL, fingerprint TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0,
  run INTEGER, lease INTEGER, UNIQUE(study, key));
CREATE TABLE run(
  id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE,
  cell INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE, attempt INTEGER NOT NULL,
  status TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL DEFAULT 0, start REAL NOT NULL,
  finish REAL, exit_status INTEGER, signal INTEGER, wall REAL NOT NULL DEFAULT 0,
  cpu REAL NOT NULL DEFAULT 0, memory INTEGER NOT NULL DEFAULT 0, threads INTEGER NOT NULL,
  fingerprint TEXT NOT NULL, environment TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
  progress TEXT NOT NULL DEFAULT '{}', UNIQUE(cell, attempt));
CREATE TABLE log(
  run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE, head BLOB NOT NULL, tail BLOB NOT NULL,
  bytes INTEGER NOT NULL);
CREATE TABLE result(
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY(run, key)) WITHOUT ROWID;
CREATE TABLE series(
  id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name TEXT NOT NULL, count INTEGER NOT NULL, last_step REAL, last_value REAL, UNIQUE(run, name));
CREATE TABLE block(
  series INTEGER NOT NULL REFERENCES series ON DELETE CASCADE, level INTEGER NOT NULL,
  number INTEGER NOT NULL, count INTEGER NOT NULL, low_step REAL, high_step REAL,
  data BLOB NOT NULL, PRIMARY KEY(series, level, number)) WITHOUT ROWID;
CREATE TABLE environment(hash TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE artifact(
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, name TEXT NOT NULL, type TEXT NOT NULL,
  hash TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY(run, name)) WITHOUT ROWID;
CREATE INDEX artifact_hash ON artifact(hash);
CREATE INDEX cell_lease ON cell(lease) WHERE lease IS NOT NULL;
)sql";

// Indexes are no part of the format: every ordo keeps those that are there, and a writer adds those
// that an older one did not make. This one holds all that tells which blocks a window of steps
// wants, which in the table itself lies scattered between the blocks' bytes.
constexpr const char* kIndexes =
    "CREATE INDEX IF NOT EXISTS block_steps ON block(series, level, low_step, high_step, count);";

// Statements that bring a store of version i + 1 to version i + 2, in order; the next one goes
// here when the format changes.
constexpr std::array<const char*, kStoreVersion - 1> kMigrations = {};

void check_identity(Database& database) {
  const std::int64_t application = database.number("PRAGMA application_id").value_or(0);
  const std::int64_t version = database.number("PRAGMA user_version").value_or(0);
  const Location place{.source = database.file().string()};
  if (application != kApplicationId) {
    throw InputError(place, "an SQLite database, but not a store of ordo");
  }
  if (version > kStoreVersion) {
    throw InputError(place, fmt::format("store format {} is newer than {}, the newest known here; "
                                        "use a newer ordo",
                                        version, kStoreVersion));
  }
  if (version < 1) throw InputError(place, fmt::format("unknown store format {}", version));
}

void create_or_migrate(Database& database) {
  // Two processes may make the same store; the second finds it made once it has the lock.
  Transaction transaction(database);
  const bool is_new = database.number("SELECT count(*) FROM sqlite_schema") == 0;
  if (is_new) {
    database.execute(kSchema);
    database.execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={};",
                                 kApplicationId, kStoreVersion));
  } else {
    check_identity(database);
    const auto version = static_cast<std::size_t>(*database.number("PRAGMA user_version"));
    for (std::size_t step = version - 1; step < kMigrations.size(); ++step) {
      database.execute(kMigrations[step]);
    }
    if (version < kStoreVersion) {
      database.execute(fmt::format("PRAGMA user_version={};", kStoreVersion));
    }
  }
  database.execute(kIndexes);
  transaction.commit();
}

Database::Mode mode_for(const std::filesystem::path& file, Access access) {
  if (access == Access::create) return Database::Mode::create;
  if (access == Access::write) return Database::Mode::write;
  // Even a reader writes the shared memory of the write-ahead log. Where the folder refuses that
  // and no log is left over, nobody else can be writing either.
  const bool writable = ::access(file.parent_path().c_str(), W_OK) == 0;
  const bool has_log = std::filesystem::exists(file.string() + "-wal");
  return writable || has_log ? Database::Mode::read : Database::Mode::immutable;
}

}  // namespace

std::string network_file_system(const std::filesystem::path& folder) {
  struct statfs status{};
  if (::statfs(folder.c_str(), &status) != 0) return {};
  // Magic numbers of statfs(2) and of the clients' sources.
  switch (static_cast<std::uint32_t>(status.f_type)) {
    case 0x00006969:
      return "NFS";
    case 0xff534d42:
    case 0xfe534d42:
    case 0x0000517b:
      return "CIFS/SMB";
    case 0x0bd00bd0:
      return "Lustre";
    case 0x65735546:
      return "FUSE";
    case 0x00c36400:
      return "Ceph";
    case 0x47504653:
      return "GPFS";
    case 0x5346414f:
      return "AFS";
    case 0x01021997:
      return "9P";
    case 0x19830326:
      return "BeeGFS";
    default:
      return {};
  }
}

std::unique_ptr<Database> open_database(const std::filesystem::path& folder,
                                        const StoreOptions& options, Context& context) {
  const auto file = folder / "store.db";
  if (options.access == Access::create) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw IoError::from_errno("make the store", folder.string(), error.value());
  } else if (!std::filesystem::exists(file)) {
    throw IoError(
        fmt::format("there is no store in '{}' (expected '{}'); 'ordo study run' makes "
                    "one",
                    folder.string(), file.string()));
  }
  if (const std::string network = network_file_system(folder); !network.empty()) {
    context.warn(
        fmt::format("the store '{}' lies on {}, where locks and shared memory of several "
                    "machines do not work together; let one machine at a time use it, or "
                    "keep a store per machine on a local disk and 'ordo store merge' them",
                    folder.string(), network));
  }
  auto database =
      std::make_unique<Database>(file, mode_for(file, options.access), options.lock_seconds);
  if (options.access == Access::read) {
    check_identity(*database);
    if (database->number("PRAGMA user_version") < kStoreVersion) {
      throw InputError({.source = file.string()},
                       "an older store format; open it once for writing to bring it up to date");
    }
    return database;
  }
  // The page size counts only for a new file; the log grows to 16 MB before it is folded in.
  database->execute(
      "PRAGMA page_size=8192; PRAGMA auto_vacuum=NONE; PRAGMA journal_mode=WAL;"
      "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=2000; PRAGMA foreign_keys=ON;"
      "PRAGMA journal_size_limit=67108864;");
  create_or_migrate(*database);
  return database;
}

}  // namespace ordo::store
