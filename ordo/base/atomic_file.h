// A file that appears as a whole, for writers who do not have all of its bytes at once.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ordo {

/// Replaces `path` when it is committed: written beside it, flushed to disk, renamed over it. A
/// reader sees the old bytes or the new, never a part; without a commit (an exception, a full disk)
/// the old stay and nothing is left beside. A symbolic link is followed: its target is replaced.
class AtomicFile {
 public:
  /// Throws IoError.
  explicit AtomicFile(const std::filesystem::path& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// Appends. Throws IoError.
  void write(std::string_view bytes);
  /// Nothing may be written afterwards. Throws IoError.
  void commit();

 private:
  [[noreturn]] void fail(int reason) const;

  std::filesystem::path path_;
  std::string beside_;  // empty after the commit
  int descriptor_ = -1;
};

}  // namespace ordo
