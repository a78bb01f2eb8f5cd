// Files: whole reads, atomic replacement, folders that remove themselves.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace ordo {

/// The whole file as bytes. Throws IoError.
std::string read_file(const std::filesystem::path& path);

/// Replaces `path` by `bytes` as a whole: written beside it, flushed to disk, renamed over it. A
/// reader sees the old bytes or the new, never a part; on failure (a full disk) the old stay and
/// nothing is left beside. A symbolic link is followed: its target is replaced. Throws IoError.
void write_file_atomic(const std::filesystem::path& path, std::string_view bytes);

/// Replaces the folder `path` as a whole by what `write` puts into a new one beside it. A reader
/// sees the old folder or the new (on file systems that cannot exchange two names, for a moment
/// neither); if `write` throws, the old one stays and nothing is left beside. Throws IoError.
void write_folder_atomic(const std::filesystem::path& path,
                         const std::function<void(const std::filesystem::path&)>& write);

/// Appends with a single write where the system allows, so that what several processes append does
/// not mix. The file is made if absent. Throws IoError.
void append_file(const std::filesystem::path& path, std::string_view bytes);

/// Writes all of `bytes` to a descriptor, going on after signals. Returns the errno value that
/// stopped it, or 0.
int write_all(int descriptor, std::string_view bytes);

/// A new empty folder under `parent` (default: the system's), removed with its contents when this
/// object ends.
class TempFolder {
 public:
  explicit TempFolder(const std::filesystem::path& parent = {});
  TempFolder(TempFolder&& other) noexcept;
  TempFolder& operator=(TempFolder&& other) noexcept;
  ~TempFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace ordo
