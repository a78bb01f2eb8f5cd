#include "ordo/base/atomic_file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"

namespace ordo {

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(path) {
  // Renaming would replace a link by a file.
  std::error_code no_link;
  if (std::filesystem::is_symlink(path, no_link)) {
    path_ = std::filesystem::weakly_canonical(path, no_link);
    if (no_link) throw IoError::from_errno("write", path.string(), no_link.value());
  }
  std::string beside = path_.string() + ".XXXXXX";
  descriptor_ = ::mkostemp(beside.data(), O_CLOEXEC);
  if (descriptor_ < 0) fail(errno);
  beside_ = std::move(beside);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!beside_.empty()) ::unlink(beside_.c_str());
}

void AtomicFile::fail(int reason) const {
  throw IoError::from_errno("write", path_.string(), reason);
}

void AtomicFile::write(std::string_view bytes) {
  if (const int reason = write_all(descriptor_, bytes); reason != 0) fail(reason);
}

void AtomicFile::commit() {
  // mkostemp makes the file private; take the mode of what it replaces, or the usual one.
  struct stat old{};
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const mode_t mode = ::stat(path_.c_str(), &old) == 0 ? (old.st_mode & 07777) : (0666 & ~mask);
  if (::fchmod(descriptor_, mode) != 0) fail(errno);
  if (::fsync(descriptor_) != 0) fail(errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(errno);
  if (::rename(beside_.c_str(), path_.c_str()) != 0) fail(errno);
  beside_.clear();
}

}  // namespace ordo
