// Tokens by id and ids by token.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordo::text {

/// Open addressing over the tokens, which it does not own: they must stay where they are.
class TokenIndex {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  TokenIndex() = default;
  explicit TokenIndex(const std::vector<std::string>& tokens);
  /// The id of the token with these bytes, or kNone.
  std::uint32_t find(std::string_view token) const;
  std::size_t longest() const { return longest_; }

 private:
  struct Slot {
    std::uint32_t id = kNone;
    std::uint32_t check = 0;  // the high half of the hash: most misses end here
  };
  const std::vector<std::string>* tokens_ = nullptr;
  std::vector<Slot> slots_;
  std::size_t mask_ = 0, longest_ = 0;
};

// Eight bytes at a time, mixed by multiplication (wyhash's step).
inline std::uint64_t hash_bytes(std::string_view bytes) {
  const auto mix = [](std::uint64_t a, std::uint64_t b) {
    __extension__ typedef unsigned __int128 Wide;  // no 128-bit integers in ISO C++
    const auto product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  const auto load = [](const char* from, std::size_t count) {
    std::uint64_t value = 0;
    __builtin_memcpy(&value, from, count);
    return value;
  };
  std::uint64_t hash = 0x9E3779B97F4A7C15ULL ^ bytes.size();
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) hash = mix(hash ^ load(at, 8), 0xA0761D6478BD642FULL);
  if (left > 0) hash = mix(hash ^ load(at, left), 0xE7037ED1A0B428DBULL);
  return mix(hash, 0x8EBC6AF09C88C6E3ULL);
}

}  // namespace ordo::text
