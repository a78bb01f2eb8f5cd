// Hashes: SHA-256 (FIPS 180-4), which names content, and CRC-32C (Castagnoli), which guards
// records.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace ordo {

/// SHA-256 of bytes that come piece by piece.
class Sha256 {
 public:
  Sha256& update(std::string_view bytes);
  /// The digest of all that came, as 64 lower-case hex digits. Nothing may come after.
  std::string hex();

 private:
  void mix(const unsigned char* block);

  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> pending_{};
  std::uint64_t length_ = 0;  // bytes so far
};

/// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
/// Of a file's content, read in pieces. Throws IoError.
std::string sha256_file(const std::filesystem::path& path);

/// CRC-32C; `before` continues the sum of what came before.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace ordo
