#include "ordo/base/file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ordo/base/atomic_file.h"
#include "ordo/base/error.h"

namespace ordo {
namespace {

// Closes a descriptor at the end of a scope; `release` when closing is done by hand and checked.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

}  // namespace

int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

std::string read_file(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw IoError::from_errno("open", path.string(), errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) throw IoError::from_errno("read", path.string(), errno);
  if (S_ISDIR(status.st_mode)) throw IoError::from_errno("read", path.string(), EISDIR);
  std::string bytes;
  bytes.resize(static_cast<std::size_t>(status.st_size) + 1);
  std::size_t filled = 0;
  while (true) {
    if (filled == bytes.size()) bytes.resize(2 * bytes.size());
    const ssize_t got = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError::from_errno("read", path.string(), errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

void write_file_atomic(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_folder_atomic(const std::filesystem::path& path,
                         const std::function<void(const std::filesystem::path&)>& write) {
  namespace fs = std::filesystem;
  // One name, so that what a killed writer leaves is overwritten by the next.
  const fs::path fresh = path.string() + ".new";
  std::error_code error;
  fs::remove_all(fresh, error);
  if (!fs::create_directories(fresh, error) || error) {
    throw IoError::from_errno("make the folder", fresh.string(), error.value());
  }
  try {
    write(fresh);
  } catch (...) {
    fs::remove_all(fresh, error);
    throw;
  }
  if (!fs::exists(path)) {
    fs::rename(fresh, path, error);
  } else if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) != 0) {
    const fs::path old = path.string() + ".old";
    fs::remove_all(old, error);
    fs::rename(path, old, error);
    if (!error) fs::rename(fresh, path, error);
    if (!error) fs::remove_all(old, error);
  }
  if (error) {
    const int reason = error.value();
    fs::remove_all(fresh, error);
    throw IoError::from_errno("replace the folder", path.string(), reason);
  }
  fs::remove_all(fresh, error);  // after an exchange: the old one
}

void append_file(const std::filesystem::path& path, std::string_view bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  if (file.get() < 0) throw IoError::from_errno("open", path.string(), errno);
  if (const int reason = write_all(file.get(), bytes); reason != 0) {
    throw IoError::from_errno("append to", path.string(), reason);
  }
}

TempFolder::TempFolder(const std::filesystem::path& parent) {
  const auto root = parent.empty() ? std::filesystem::temp_directory_path() : parent;
  std::string name = (root / "ordo-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw IoError::from_errno("make a temporary folder", name, errno);
  }
  path_ = name;
}

TempFolder::TempFolder(TempFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempFolder& TempFolder::operator=(TempFolder&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace ordo
