// A study is the same by its name, a cell by its key, a run by its uid. What differs between stores
// is only the row ids, which are mapped as rows are copied; blocks and logs are copied as bytes.
#include "ordo/store/merge.h"

#include <map>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/hash.h"
#include "ordo/store/schema.h"

namespace ordo::store {
namespace {

namespace fs = std::filesystem;

class Merger {
 public:
  Merger(const fs::path& from, const fs::path& into, Database& source, Database& target,
         MergeResult& result)
      : from_(from), into_(into), source_(source), target_(target), result_(result) {}

  void run(Context& context) {
    const Transaction reading(source_, Transaction::Kind::read);
    Transaction writing(target_);
    Cursor row = source_.query("SELECT hash, json FROM environment");
    while (row.next()) {
      target_.run("INSERT OR IGNORE INTO environment VALUES(?,?)", {row.text(0), row.text(1)});
    }
    Cursor study = source_.query("SELECT id, name FROM study ORDER BY id");
    while (study.next()) {
      context.check_stop();
      const std::int64_t id = merge_study(study.integer(0), study.string(1));
      merge_looks(study.integer(0), id);
      merge_cells(study.integer(0), id, study.string(1));
    }
    writing.commit();
  }

 private:
  std::int64_t merge_study(std::int64_t id, const std::string& name) {
    Cursor row = source_.query(
        "SELECT spec, spec_hash, seeds, alpha, created, tags, notes FROM study WHERE id=?", {id});
    row.next();
    {
      Cursor there = target_.query("SELECT id, spec_hash FROM study WHERE name=?", {name});
      if (there.next()) {
        if (there.text(1) != row.text(1)) {
          throw InputError(
              {.source = from_.string()},
              fmt::format("study '{}' has another specification than in '{}'; merge it into a "
                          "store of its own, or delete one of them",
                          name, into_.string()));
        }
        return there.integer(0);
      }
    }
    target_.run(
        "INSERT INTO study(name, spec, spec_hash, seeds, alpha, created, tags, notes) "
        "VALUES(?,?,?,?,?,?,?,?)",
        {name, row.text(0), row.text(1), row.text(2), row.real(3), row.real(4), row.text(5),
         row.text(6)});
    ++result_.studies;
    return target_.last_insert_id();
  }

  void merge_looks(std::int64_t from_study, std::int64_t into_study) {
    Cursor row = source_.query(
        "SELECT seeds, alpha_spent, time, verdicts FROM look WHERE study=? ORDER BY number",
        {from_study});
    while (row.next()) {
      target_.run(
          "INSERT INTO look SELECT ?1, 1 + coalesce((SELECT max(number) FROM look WHERE study=?1), "
          "0), ?2, ?3, ?4, ?5 WHERE NOT EXISTS(SELECT 1 FROM look WHERE study=?1 AND seeds=?2 AND "
          "time=?4)",
          {into_study, row.integer(0), row.real(1), row.real(2), row.text(3)});
    }
  }

  void merge_cells(std::int64_t from_study, std::int64_t into_study, const std::string& name) {
    Cursor row = source_.query(
        "SELECT id, key, variant, params, seed, status, fingerprint, run FROM cell WHERE study=? "
        "ORDER BY id",
        {from_study});
    while (row.next()) {
      result_.cells += target_.run(
          "INSERT OR IGNORE INTO cell(study, key, variant, params, seed, status) "
          "VALUES(?,?,?,?,?,'pending')",
          {into_study, row.text(1), row.text(2), row.text(3), row.integer(4)});
      const std::int64_t cell =
          *target_.number("SELECT id FROM cell WHERE study=? AND key=?", {into_study, row.text(1)});
      const auto runs = merge_runs(row.integer(0), cell);
      if (row.is_null(7) || !runs.contains(row.integer(7))) continue;
      const std::string what =
          fmt::format("study '{}', cell {} seed {}", name, row.text(2), row.integer(4));
      choose_run(cell, runs.at(row.integer(7)), row, what);
    }
  }

  // Copies the runs of a cell that have ended; returns where each one went.
  std::map<std::int64_t, std::int64_t> merge_runs(std::int64_t from_cell, std::int64_t into_cell) {
    std::map<std::int64_t, std::int64_t> places;
    Cursor row = source_.query(
        "SELECT id, uid, attempt, status, host, pid, start, finish, exit_status, signal, wall, "
        "cpu, "
        "memory, threads, fingerprint, environment, reason, progress FROM run WHERE cell=? "
        "ORDER BY attempt",
        {from_cell});
    const auto whole = [&row](int column) {
      return row.is_null(column) ? Bind(nullptr) : Bind(row.integer(column));
    };
    while (row.next()) {
      if (row.text(3) == "running") {
        ++result_.open;
        continue;
      }
      if (const auto there = target_.number("SELECT id FROM run WHERE uid=?", {row.text(1)})) {
        places[row.integer(0)] = *there;
        ++result_.present;
        continue;
      }
      const std::int64_t attempt =
          1 + target_.number("SELECT max(attempt) FROM run WHERE cell=?", {into_cell}).value_or(0);
      target_.run(
          "INSERT INTO run(uid, cell, attempt, status, host, pid, start, finish, exit_status, "
          "signal, wall, cpu, memory, threads, fingerprint, environment, reason, progress) "
          "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
          {row.text(1), into_cell, attempt, row.text(3), row.text(4), row.integer(5), row.real(6),
           row.is_null(7) ? Bind(nullptr) : Bind(row.real(7)), whole(8), whole(9), row.real(10),
           row.real(11), row.integer(12), row.integer(13), row.text(14), row.text(15), row.text(16),
           row.text(17)});
      const std::int64_t run = target_.last_insert_id();
      target_.run("UPDATE cell SET attempts=max(attempts, ?) WHERE id=?", {attempt, into_cell});
      copy_contents(row.integer(0), run);
      places[row.integer(0)] = run;
      ++result_.runs;
    }
    return places;
  }

  void copy_contents(std::int64_t from_run, std::int64_t into_run) {
    Cursor log = source_.query("SELECT head, tail, bytes FROM log WHERE run=?", {from_run});
    while (log.next()) {
      target_.run("INSERT INTO log VALUES(?,?,?,?)",
                  {into_run, Bind::Blob{log.blob(0)}, Bind::Blob{log.blob(1)}, log.integer(2)});
    }
    Cursor value = source_.query("SELECT key, value FROM result WHERE run=?", {from_run});
    while (value.next()) {
      target_.run("INSERT INTO result VALUES(?,?,?)", {into_run, value.text(0), value.text(1)});
    }
    copy_series(from_run, into_run);
    Cursor file =
        source_.query("SELECT name, type, hash, size FROM artifact WHERE run=?", {from_run});
    while (file.next()) {
      copy_artifact(file.string(2));
      target_.run("INSERT INTO artifact VALUES(?,?,?,?,?)",
                  {into_run, file.text(0), file.text(1), file.text(2), file.integer(3)});
    }
  }

  void copy_series(std::int64_t from_run, std::int64_t into_run) {
    Cursor row = source_.query(
        "SELECT id, name, count, last_step, last_value FROM series WHERE run=? ORDER BY id",
        {from_run});
    while (row.next()) {
      target_.run("INSERT INTO series(run, name, count, last_step, last_value) VALUES(?,?,?,?,?)",
                  {into_run, row.text(1), row.integer(2), row.real(3), row.real(4)});
      const std::int64_t series = target_.last_insert_id();
      Cursor block = source_.query(
          "SELECT level, number, count, low_step, high_step, data FROM block WHERE series=? "
          "ORDER BY level, number",
          {row.integer(0)});
      while (block.next()) {
        target_.run("INSERT INTO block VALUES(?,?,?,?,?,?,?)",
                    {series, block.integer(0), block.integer(1), block.integer(2), block.real(3),
                     block.real(4), Bind::Blob{block.blob(5)}});
      }
    }
  }

  // In its place before the row that names it; what a rollback leaves, gc removes.
  void copy_artifact(const std::string& hash) {
    const fs::path place = artifact_place(into_, hash);
    if (fs::exists(place)) return;
    const fs::path original = artifact_place(from_, hash);
    const std::string bytes = read_file(original);
    if (sha256_hex(bytes) != hash) {
      throw InputError({.source = original.string()},
                       "the artifact's content does not have the hash that it is named by");
    }
    std::error_code error;
    fs::create_directories(place.parent_path(), error);
    if (error) throw IoError::from_errno("make a folder for", place.string(), error.value());
    write_file_atomic(place, bytes);
    ++result_.artifacts;
  }

  // The run that counts: one that is done before one that is not, else the target's own.
  void choose_run(std::int64_t cell, std::int64_t run, const Cursor& from,
                  const std::string& what) {
    Cursor there = target_.query("SELECT status, run FROM cell WHERE id=?", {cell});
    there.next();
    if (there.is_null(1) || (there.text(0) != "done" && from.text(5) == "done")) {
      target_.run("UPDATE cell SET status=?, fingerprint=?, run=? WHERE id=?",
                  {from.text(5), from.text(6), run, cell});
      return;
    }
    const std::int64_t kept = there.integer(1);
    if (kept == run || there.text(0) != "done" || from.text(5) != "done") return;
    if (target_.number("SELECT count(*) FROM (SELECT key, value FROM result WHERE run=?1 EXCEPT "
                       "SELECT key, value FROM result WHERE run=?2)",
                       {run, kept}) != 0) {
      result_.conflicts.push_back(
          fmt::format("{}: done in both stores with different results; run {} of '{}' counts", what,
                      kept, into_.string()));
    }
  }

  const fs::path& from_;
  const fs::path& into_;
  Database& source_;
  Database& target_;
  MergeResult& result_;
};

}  // namespace

void MergeOptions::describe(OptionSet& set) {
  set.positional("from", from, "Folders of the stores to read.").required().placeholder("DIR");
  set.add("into", into, "Folder of the store to add to.").placeholder("DIR");
}

MergeResult merge(const MergeOptions& options, Context& context) {
  MergeResult result;
  for (const fs::path& from : options.from) {
    if (fs::weakly_canonical(from) == fs::weakly_canonical(options.into)) {
      throw UsageError(fmt::format("'{}' cannot be merged into itself", from.string()));
    }
    // The source first: a wrong path must not leave an empty store behind.
    const auto source = open_database(from, {.access = Access::read}, context);
    const auto target = open_database(options.into, {.access = Access::create}, context);
    Merger(from, options.into, *source, *target, result).run(context);
  }
  return result;
}

Json to_json(const MergeResult& result) {
  return Json::object({{"studies", result.studies},
                       {"cells", result.cells},
                       {"runs", result.runs},
                       {"artifacts", result.artifacts},
                       {"present", result.present},
                       {"open", result.open},
                       {"conflicts", Json::array_of(result.conflicts)}});
}

std::string to_text(const MergeResult& result) {
  std::string text =
      fmt::format("added {} studies, {} cells, {} runs, {} artifacts; {} runs were there already\n",
                  result.studies, result.cells, result.runs, result.artifacts, result.present);
  if (result.open > 0) text += fmt::format("left out {} runs that have not ended\n", result.open);
  for (const std::string& conflict : result.conflicts) text += "conflict: " + conflict + "\n";
  return text;
}

ExitCode exit_code(const MergeResult& result) {
  return result.conflicts.empty() ? ExitCode::done : ExitCode::no;
}

}  // namespace ordo::store
