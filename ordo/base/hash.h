// SHA-256 (FIPS 180-4) and hexadecimal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace ordo {

using Digest = std::array<std::uint8_t, 32>;

/// SHA-256 of bytes that come in pieces. Uses the processor's SHA instructions where it has them.
class Sha256 {
 public:
  Sha256& update(std::string_view bytes);
  /// The digest of everything so far; further updates are not allowed.
  Digest finish();

 private:
  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> block_{};
  std::uint64_t length_ = 0;  // bytes so far
};

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(std::span<const std::uint8_t> bytes);
/// The digest as 64 hexadecimal digits.
std::string sha256_hex(std::string_view bytes);
/// Of a file, read in pieces. Throws IoError.
std::string sha256_file(const std::filesystem::path& path);

namespace hash_detail {
/// The compression function over whole blocks without special instructions, for tests.
void compress_portable(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count);
}  // namespace hash_detail

}  // namespace ordo
