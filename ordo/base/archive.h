// gzip and zip over zlib, in memory. Reading trusts nothing: sizes are limited before memory is
// taken, checksums are compared, and names that would leave the target folder are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace ordo {

/// What unpacking may cost.
struct UnpackLimits {
  std::size_t max_bytes = std::size_t{1} << 32;  ///< unpacked bytes of one member or stream
};

/// True if the bytes begin as a gzip stream does.
bool is_gzip(std::string_view bytes);
/// Unpacks one or several concatenated gzip members (RFC 1952). Throws InputError for malformed
/// input, LimitError beyond `limits`; `source` names it in errors.
std::string gunzip(std::string_view bytes, const std::string& source = "<gzip>",
                   const UnpackLimits& limits = {});
/// One gzip member without name and time, so that equal bytes give equal bytes. `level` 0 to 9.
std::string gzip(std::string_view bytes, int level = 6);

/// A member of a zip archive.
struct ZipEntry {
  std::string name;                 ///< relative, '/' between folders; ends with '/' for a folder
  std::size_t size = 0;             ///< bytes unpacked
  std::size_t packed_size = 0;      ///< bytes in the archive
  std::uint32_t crc32 = 0;          ///< of the unpacked bytes
  bool is_deflated = false;         ///< else stored
  std::size_t header_position = 0;  ///< of the member's local header
};

/// Reads zip archives (stored and deflated members, ZIP64; no encryption, no several disks).
class ZipReader {
 public:
  /// Reads the directory. `bytes` must outlive the reader. Throws InputError if it is malformed, if
  /// two members share a name, or if a name is absolute, has a ".." or a backslash.
  explicit ZipReader(std::string_view bytes, std::string source = "<zip>");

  const std::vector<ZipEntry>& entries() const { return entries_; }
  /// nullptr if there is no such member.
  const ZipEntry* find(std::string_view name) const;
  /// The unpacked bytes, checked against size and CRC. Throws InputError, LimitError.
  std::string read(const ZipEntry& entry, const UnpackLimits& limits = {}) const;
  /// The bytes of a member as they stand in the archive.
  std::string_view packed(const ZipEntry& entry) const;

 private:
  [[noreturn]] void fail(const std::string& reason) const;
  void read_directory(std::size_t position, std::size_t size, std::size_t count);
  void read_entry(std::string_view record, std::string_view extra, std::string name);

  std::string_view bytes_;
  std::string source_;
  std::vector<ZipEntry> entries_;
};

enum class ZipMethod { stored, deflated };

/// Builds a zip archive in memory. Times are left at 1980-01-01, so that equal members give equal
/// bytes; ZIP64 fields are written where sizes need them.
class ZipWriter {
 public:
  /// Throws UsageError for a name that ZipReader would refuse or that was added before.
  void add(const std::string& name, std::string_view bytes, ZipMethod method = ZipMethod::deflated);
  /// The archive's bytes. The writer is empty afterwards.
  std::string finish();

 private:
  std::string body_;
  std::unordered_set<std::string> names_;
  std::vector<ZipEntry> entries_;
};

}  // namespace ordo
