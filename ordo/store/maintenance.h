// Looking after a store: what is in it, whether it is sound, what can go.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/base/options.h"

namespace ordo::store {

struct InfoOptions {
  std::filesystem::path store = ".ordo";  ///< the store's folder
  void describe(OptionSet& set);
};
struct StudyInfo {
  std::string name;
  std::int64_t cells = 0, done = 0, runs = 0, points = 0;
};
struct Info {
  std::string folder;
  std::string network;  ///< the network file system that it lies on; empty for a local one
  std::int64_t version = 0;
  std::int64_t database_bytes = 0;  ///< with the write-ahead log
  std::int64_t artifacts = 0, artifact_bytes = 0;
  std::vector<StudyInfo> studies;
};
/// Counts. Throws as Store's constructor does.
Info info(const InfoOptions& options, Context& context);
Json to_json(const Info& info);
std::string to_text(const Info& info);

struct CheckOptions {
  std::filesystem::path store = ".ordo";  ///< the store's folder
  bool quick = false;                     ///< leave out the hashes of artifacts and the points
  void describe(OptionSet& set);
};
struct CheckResult {
  std::vector<std::string> problems;       ///< what is damaged; empty if the store is sound
  std::vector<std::string> notes;          ///< what is only left over, such as files for gc
  std::int64_t series = 0, artifacts = 0;  ///< how many were looked at
};
/// SQLite's own check; references; every block unpacked and the pyramid made again from the points;
/// every artifact's hash. Nothing is changed.
CheckResult check(const CheckOptions& options, Context& context);
Json to_json(const CheckResult& result);
std::string to_text(const CheckResult& result);
ExitCode exit_code(const CheckResult& result);

struct GcOptions {
  std::filesystem::path store = ".ordo";  ///< the store's folder
  bool dry_run = false;                   ///< only say what would go
  double min_age = 60;  ///< seconds; younger files may belong to a run about to record them
  void describe(OptionSet& set);
};
struct GcResult {
  bool dry_run = false;
  std::int64_t files = 0, file_bytes = 0;  ///< artifacts that nothing names, and half copies
  std::int64_t environments = 0;           ///< records that no run names
  std::int64_t sessions = 0;               ///< of processes that are gone
  std::int64_t database_bytes = 0;         ///< by which store.db shrank, or its free pages
};
/// Removes what nothing refers to and gives the space back.
GcResult gc(const GcOptions& options, Context& context);
Json to_json(const GcResult& result);
std::string to_text(const GcResult& result);

}  // namespace ordo::store
