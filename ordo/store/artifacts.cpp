// Artifacts: files by the SHA-256 of their content, so that equal files are kept once. The file is
// in its place, flushed, before the row that names it is committed: a row never points at nothing.
// What a crash leaves between the two, gc removes.
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/hash.h"
#include "ordo/store/implementation.h"

namespace ordo::store {
namespace {

void flush_to_disk(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw IoError::from_errno("open", file.string(), errno);
  const int failed = ::fsync(descriptor) != 0 ? errno : 0;
  ::close(descriptor);
  if (failed != 0) throw IoError::from_errno("write", file.string(), failed);
}

// Copies, then hashes the copy, so that a file still being written cannot get a wrong name.
std::string keep_file(const std::filesystem::path& folder, const std::filesystem::path& file) {
  const auto artifacts = folder / "artifacts";
  std::error_code error;
  std::filesystem::create_directories(artifacts, error);
  if (error) throw IoError::from_errno("make", artifacts.string(), error.value());
  const TempFolder beside(artifacts);
  const auto copy = beside.path() / "copy";
  std::filesystem::copy_file(file, copy, error);
  if (error) throw IoError::from_errno("keep the artifact", file.string(), error.value());
  std::filesystem::permissions(copy, std::filesystem::perms(0644), error);
  const std::string hash = sha256_file(copy);
  const auto place = artifact_place(folder, hash);
  if (std::filesystem::exists(place)) return hash;
  flush_to_disk(copy);
  std::filesystem::create_directories(place.parent_path(), error);
  if (!error) std::filesystem::rename(copy, place, error);
  if (error) throw IoError::from_errno("keep the artifact", place.string(), error.value());
  return hash;
}

}  // namespace

std::filesystem::path artifact_place(const std::filesystem::path& folder, const std::string& hash) {
  if (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw UsageError(fmt::format("'{}' is not the hash of an artifact (64 hex digits)", hash));
  }
  return folder / "artifacts" / hash.substr(0, 2) / hash.substr(2);
}

ArtifactRecord Store::add_artifact(RunId run, const std::filesystem::path& file,
                                   const std::string& name, const std::string& type) {
  {
    const std::lock_guard lock(implementation_->mutex);
    implementation_->require_run(run);
  }
  ArtifactRecord record{.run = run, .name = name, .type = type, .hash = {}, .size = 0};
  record.hash = keep_file(implementation_->folder, file);
  record.size = static_cast<std::int64_t>(std::filesystem::file_size(artifact_path(record.hash)));
  const std::lock_guard lock(implementation_->mutex);
  implementation_->write([&](Database& database) {
    database.run("INSERT OR REPLACE INTO artifact VALUES(?,?,?,?,?)",
                 {run, name, type, record.hash, record.size});
  });
  return record;
}

std::vector<ArtifactRecord> Store::artifacts(RunId run) const {
  const std::lock_guard lock(implementation_->mutex);
  Cursor row = implementation_->database->query(
      "SELECT run, name, type, hash, size FROM artifact WHERE run=? ORDER BY name", {run});
  std::vector<ArtifactRecord> list;
  while (row.next()) {
    list.push_back({row.integer(0), row.string(1), row.string(2), row.string(3), row.integer(4)});
  }
  return list;
}

std::filesystem::path Store::artifact_path(const std::string& hash) const {
  return artifact_place(implementation_->folder, hash);
}

}  // namespace ordo::store
