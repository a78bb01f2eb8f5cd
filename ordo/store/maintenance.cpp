#include "ordo/store/maintenance.h"

#include <chrono>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/error.h"
#include "ordo/base/hash.h"
#include "ordo/store/lease.h"
#include "ordo/store/schema.h"
#include "ordo/store/series.h"

namespace ordo::store {
namespace {

namespace fs = std::filesystem;

std::int64_t size_of(const fs::path& file) {
  std::error_code absent;
  const auto size = fs::file_size(file, absent);
  return absent ? 0 : static_cast<std::int64_t>(size);
}

std::int64_t database_size(const fs::path& folder) {
  return size_of(folder / "store.db") + size_of(folder / "store.db-wal");
}

struct Leftover {
  fs::path path;
  std::int64_t bytes = 0;
};

// Files below artifacts/ that no row names: lost between the copy and the row, or their runs went.
std::vector<Leftover> unreferenced_files(Database& database, const fs::path& folder,
                                         double min_age) {
  std::vector<Leftover> found;
  const fs::path root = folder / "artifacts";
  if (!fs::exists(root)) return found;
  const auto limit =
      fs::file_time_type::clock::now() - std::chrono::duration_cast<fs::file_time_type::duration>(
                                             std::chrono::duration<double>(min_age));
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || entry.last_write_time() > limit) continue;
    const std::string hash =
        entry.path().parent_path().filename().string() + entry.path().filename().string();
    if (database.number("SELECT 1 FROM artifact WHERE hash=?", {hash})) continue;
    found.push_back({entry.path(), size_of(entry.path())});
  }
  return found;
}

Buckets read_points(Database& database, std::int64_t series) {
  Buckets points;
  Cursor row = database.query(
      "SELECT count, data FROM block WHERE series=? AND level=0 ORDER BY number", {series});
  while (row.next()) {
    const Buckets block = unpack_block(row.blob(1), static_cast<std::size_t>(row.integer(0)), 0);
    points.append(block, 0, block.size());
  }
  return points;
}

// Packs the points again and compares every block of every level with what is kept.
void check_one_series(Database& database, std::int64_t id, std::uint64_t count,
                      const std::string& what, CheckResult& result) {
  const Buckets points = read_points(database, id);
  if (points.size() != count) {
    result.problems.push_back(
        fmt::format("{}: {} points, but {} recorded", what, points.size(), count));
    return;
  }
  std::int64_t expected = 0;
  SeriesTail().append(
      points.step, points.mean, [&](int level, std::uint64_t number, const Buckets& block) {
        ++expected;
        Cursor row = database.query(
            "SELECT data FROM block WHERE series=? AND level=? AND number=?", {id, level, number});
        if (row.next() && row.blob(0) == pack_block(block)) return;
        result.problems.push_back(fmt::format(
            "{}: block {} of level {} does not summarise its points", what, number, level));
      });
  const auto kept = database.number("SELECT count(*) FROM block WHERE series=?", {id});
  if (kept != expected) {
    result.problems.push_back(
        fmt::format("{}: {} blocks, expected {}", what, kept.value_or(0), expected));
  }
}

void check_series(Database& database, Context& context, CheckResult& result) {
  Cursor row = database.query("SELECT id, count, run, name FROM series ORDER BY id");
  while (row.next()) {
    context.check_stop();
    const std::string what = fmt::format("series '{}' of run {}", row.text(3), row.integer(2));
    try {
      check_one_series(database, row.integer(0), static_cast<std::uint64_t>(row.integer(1)), what,
                       result);
    } catch (const InputError& error) {
      result.problems.push_back(fmt::format("{}: {}", what, error.what()));
    }
    ++result.series;
  }
}

void check_artifacts(Database& database, const fs::path& folder, bool quick, Context& context,
                     CheckResult& result) {
  Cursor row = database.query("SELECT DISTINCT hash FROM artifact");
  while (row.next()) {
    context.check_stop();
    const std::string hash = row.string(0);
    ++result.artifacts;
    const fs::path file = artifact_place(folder, hash);
    if (!fs::is_regular_file(file)) {
      result.problems.push_back(fmt::format("artifact {} is missing", file.string()));
    } else if (!quick && sha256_file(file) != hash) {
      result.problems.push_back(fmt::format("artifact {} has other content", file.string()));
    }
  }
}

void check_database(Database& database, CheckResult& result) {
  Cursor row = database.query("PRAGMA integrity_check");
  while (row.next()) {
    if (row.text(0) != "ok") result.problems.push_back("database: " + row.string(0));
  }
  Cursor broken = database.query("PRAGMA foreign_key_check");
  while (broken.next()) {
    result.problems.push_back(fmt::format("table {}: row {} refers to a missing row of {}",
                                          broken.text(0), broken.integer(1), broken.text(2)));
  }
  Cursor lost = database.query(
      "SELECT cell.id FROM cell LEFT JOIN run ON run.id = cell.run WHERE cell.run IS NOT NULL AND "
      "(run.id IS NULL OR run.cell <> cell.id)");
  while (lost.next()) {
    result.problems.push_back(fmt::format("cell {} names a run that is not its", lost.integer(0)));
  }
}

std::vector<std::int64_t> ended_sessions(Database& database) {
  std::vector<std::int64_t> ended;
  Cursor row = database.query("SELECT host, boot, pid, start, id FROM session");
  while (row.next()) {
    const ProcessIdentity process{row.string(0), row.string(1), row.integer(2), row.integer(3)};
    if (liveness(process) == Liveness::gone) ended.push_back(row.integer(4));
  }
  return ended;
}

}  // namespace

void InfoOptions::describe(OptionSet& set) {
  set.add("store", store, "The store's folder.").placeholder("DIR");
}
void CheckOptions::describe(OptionSet& set) {
  set.add("store", store, "The store's folder.").placeholder("DIR");
  set.add("quick", quick, "Leave out the points and the content of artifacts.");
}
void GcOptions::describe(OptionSet& set) {
  set.add("store", store, "The store's folder.").placeholder("DIR");
  set.add("dry-run", dry_run, "Only say what would go.");
  set.add("min-age", min_age, "Spare files younger than this.").range(0).placeholder("SECONDS");
}

Info info(const InfoOptions& options, Context& context) {
  const auto database = open_database(options.store, {.access = Access::read}, context);
  Info result;
  result.folder = options.store.string();
  result.network = network_file_system(options.store);
  result.version = database->number("PRAGMA user_version").value_or(0);
  result.database_bytes = database_size(options.store);
  {
    Cursor row = database->query(
        "SELECT count(*), coalesce(sum(size), 0) FROM (SELECT DISTINCT hash, size FROM artifact)");
    row.next();
    result.artifacts = row.integer(0);
    result.artifact_bytes = row.integer(1);
  }
  Cursor row = database->query(
      "SELECT name, (SELECT count(*) FROM cell WHERE study=study.id), "
      "(SELECT count(*) FROM cell WHERE study=study.id AND status='done'), "
      "(SELECT count(*) FROM cell JOIN run ON run.cell=cell.id WHERE study=study.id), "
      "(SELECT coalesce(sum(series.count), 0) FROM cell JOIN run ON run.cell=cell.id "
      "JOIN series ON series.run=run.id WHERE study=study.id) FROM study ORDER BY name");
  while (row.next()) {
    result.studies.push_back(
        {row.string(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4)});
  }
  return result;
}

Json to_json(const Info& info) {
  Json::Array studies;
  for (const StudyInfo& study : info.studies) {
    studies.push_back(Json::object({{"name", study.name},
                                    {"cells", study.cells},
                                    {"done", study.done},
                                    {"runs", study.runs},
                                    {"points", study.points}}));
  }
  return Json::object({{"folder", info.folder},
                       {"network_file_system", info.network},
                       {"version", info.version},
                       {"database_bytes", info.database_bytes},
                       {"artifacts", info.artifacts},
                       {"artifact_bytes", info.artifact_bytes},
                       {"studies", std::move(studies)}});
}

std::string to_text(const Info& info) {
  std::string text = fmt::format(
      "store      {}{}\nformat     {}\ndatabase   {:.1f} MB\nartifacts  {} ({:.1f} MB)\n",
      info.folder, info.network.empty() ? "" : " (on " + info.network + ")", info.version,
      static_cast<double>(info.database_bytes) / 1e6, info.artifacts,
      static_cast<double>(info.artifact_bytes) / 1e6);
  for (const StudyInfo& study : info.studies) {
    text += fmt::format("study      {}: {} of {} cells done, {} runs, {} points\n", study.name,
                        study.done, study.cells, study.runs, study.points);
  }
  return text;
}

CheckResult check(const CheckOptions& options, Context& context) {
  const auto database = open_database(options.store, {.access = Access::read}, context);
  CheckResult result;
  try {
    check_database(*database, result);
    if (!options.quick) check_series(*database, context, result);
    check_artifacts(*database, options.store, options.quick, context, result);
    const auto files = unreferenced_files(*database, options.store, 60);
    if (!files.empty()) {
      result.notes.push_back(
          fmt::format("{} files in artifacts/ that nothing names; gc removes them", files.size()));
    }
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {  // what stops the check is itself a finding
    result.problems.push_back(error.what());
  }
  return result;
}

Json to_json(const CheckResult& result) {
  return Json::object({{"sound", result.problems.empty()},
                       {"problems", Json::array_of(result.problems)},
                       {"notes", Json::array_of(result.notes)},
                       {"series", result.series},
                       {"artifacts", result.artifacts}});
}

std::string to_text(const CheckResult& result) {
  std::string text;
  for (const std::string& problem : result.problems) text += "damaged: " + problem + "\n";
  for (const std::string& note : result.notes) text += "note: " + note + "\n";
  return text + fmt::format("{} ({} series, {} artifacts looked at)\n",
                            result.problems.empty() ? "sound" : "not sound", result.series,
                            result.artifacts);
}

ExitCode exit_code(const CheckResult& result) {
  return result.problems.empty() ? ExitCode::done : ExitCode::no;
}

GcResult gc(const GcOptions& options, Context& context) {
  const Access access = options.dry_run ? Access::read : Access::write;
  const auto database = open_database(options.store, {.access = access}, context);
  GcResult result;
  result.dry_run = options.dry_run;
  const auto files = unreferenced_files(*database, options.store, options.min_age);
  const auto sessions = ended_sessions(*database);
  const std::string unnamed =
      "FROM environment WHERE hash NOT IN (SELECT environment FROM run WHERE environment<>'')";
  result.files = static_cast<std::int64_t>(files.size());
  for (const Leftover& file : files) result.file_bytes += file.bytes;
  result.sessions = static_cast<std::int64_t>(sessions.size());
  result.environments = database->number("SELECT count(*) " + unnamed).value_or(0);
  if (options.dry_run) {
    result.database_bytes = database->number("PRAGMA freelist_count").value_or(0) *
                            database->number("PRAGMA page_size").value_or(0);
    return result;
  }
  const std::int64_t before = database_size(options.store);
  Transaction transaction(*database);
  for (const std::int64_t session : sessions) {
    database->run("DELETE FROM session WHERE id=?", {session});
  }
  database->run("DELETE " + unnamed);
  transaction.commit();
  for (const Leftover& file : files) {
    // Named since we looked? Then it stays.
    const std::string hash =
        file.path.parent_path().filename().string() + file.path.filename().string();
    if (database->number("SELECT 1 FROM artifact WHERE hash=?", {hash})) continue;
    std::error_code ignored;
    fs::remove(file.path, ignored);
    fs::remove(file.path.parent_path(), ignored);  // only if it is empty now
  }
  database->execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
  result.database_bytes = std::max<std::int64_t>(before - database_size(options.store), 0);
  return result;
}

Json to_json(const GcResult& result) {
  return Json::object({{"dry_run", result.dry_run},
                       {"files", result.files},
                       {"file_bytes", result.file_bytes},
                       {"environments", result.environments},
                       {"sessions", result.sessions},
                       {"database_bytes", result.database_bytes}});
}

std::string to_text(const GcResult& result) {
  return fmt::format(
      "{}: {} files ({:.1f} MB), {} environments, {} ended sessions, {:.1f} MB of "
      "the database\n",
      result.dry_run ? "would remove" : "removed", result.files,
      static_cast<double>(result.file_bytes) / 1e6, result.environments, result.sessions,
      static_cast<double>(result.database_bytes) / 1e6);
}

}  // namespace ordo::store
