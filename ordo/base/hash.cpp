// The compression function twice: as FIPS 180-4 writes it, and with the SHA extensions of x86,
// which do four rounds an instruction pair and are chosen at run time.
#include "ordo/base/hash.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "ordo/base/error.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace ordo {
namespace {

alignas(16) constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t load_big_endian(const std::uint8_t* from) {
  return std::uint32_t{from[0]} << 24 | std::uint32_t{from[1]} << 16 | std::uint32_t{from[2]} << 8 |
         from[3];
}

#if defined(__x86_64__)
bool has_sha_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool sha = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & (1u << 29)) != 0;
  const bool sse41 = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & (1u << 19)) != 0;
  return sha && sse41;
}

__attribute__((target("sha,sse4.1"))) void compress_sha(std::uint32_t* state,
                                                        const std::uint8_t* blocks,
                                                        std::size_t count) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  // The instructions want the state as (a, b, e, f) and (c, d, g, h), highest word first.
  const auto words = [&](int a, int b, int c, int d) {
    return _mm_set_epi32(static_cast<int>(state[a]), static_cast<int>(state[b]),
                         static_cast<int>(state[c]), static_cast<int>(state[d]));
  };
  __m128i abef = words(0, 1, 4, 5), cdgh = words(2, 3, 6, 7);
  for (; count > 0; --count, blocks += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i message[4];
    for (int quad = 0; quad < 4; ++quad) {
      message[quad] = _mm_shuffle_epi8(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks + 16 * quad)), swap);
    }
    for (int quad = 0; quad < 16; ++quad) {
      __m128i& now = message[quad % 4];
      if (quad >= 4) {  // the schedule: words t from t-16, t-15, t-7 and t-2
        const __m128i last = message[(quad + 3) % 4];
        const __m128i seven = _mm_alignr_epi8(last, message[(quad + 2) % 4], 4);
        now = _mm_sha256msg2_epu32(
            _mm_add_epi32(_mm_sha256msg1_epu32(now, message[(quad + 1) % 4]), seven), last);
      }
      const __m128i sum =
          _mm_add_epi32(now, _mm_load_si128(reinterpret_cast<const __m128i*>(kRound + 4 * quad)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  alignas(16) std::uint32_t low[4], high[4];
  _mm_store_si128(reinterpret_cast<__m128i*>(low), abef);
  _mm_store_si128(reinterpret_cast<__m128i*>(high), cdgh);
  state[0] = low[3], state[1] = low[2], state[4] = low[1], state[5] = low[0];
  state[2] = high[3], state[3] = high[2], state[6] = high[1], state[7] = high[0];
}
#endif

void compress(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) {
#if defined(__x86_64__)
  static const bool fast = has_sha_instructions();
  if (fast) {
    compress_sha(state, blocks, count);
    return;
  }
#endif
  hash_detail::compress_portable(state, blocks, count);
}

}  // namespace

void hash_detail::compress_portable(std::uint32_t* state, const std::uint8_t* blocks,
                                    std::size_t count) {
  using std::rotr;
  for (; count > 0; --count, blocks += 64) {
    std::uint32_t w[64];
    for (int t = 0; t < 16; ++t) w[t] = load_big_endian(blocks + 4 * t);
    for (int t = 16; t < 64; ++t) {
      const std::uint32_t small0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ (w[t - 15] >> 3);
      const std::uint32_t small1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ (w[t - 2] >> 10);
      w[t] = small1 + w[t - 7] + small0 + w[t - 16];
    }
    std::array<std::uint32_t, 8> working;
    std::copy_n(state, 8, working.begin());
    auto& [a, b, c, d, e, f, g, h] = working;
    for (int t = 0; t < 64; ++t) {
      const std::uint32_t first =
          h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + kRound[t] + w[t];
      const std::uint32_t second =
          (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
    }
    for (std::size_t word = 0; word < 8; ++word) state[word] += working[word];
  }
}

Sha256& Sha256::update(std::string_view bytes) {
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
  std::size_t left = bytes.size();
  const std::size_t waiting = length_ % 64;
  length_ += left;
  if (waiting > 0) {
    const std::size_t taken = std::min(left, 64 - waiting);
    std::copy_n(from, taken, block_.data() + waiting);
    from += taken;
    left -= taken;
    if (waiting + taken < 64) return *this;
    compress(state_.data(), block_.data(), 1);
  }
  compress(state_.data(), from, left / 64);
  std::copy_n(from + left / 64 * 64, left % 64, block_.data());
  return *this;
}

Digest Sha256::finish() {
  const std::uint64_t bits = 8 * length_;
  std::string padding(1 + (119 - length_ % 64) % 64, '\0');
  padding[0] = '\x80';
  for (int shift = 56; shift >= 0; shift -= 8) padding += static_cast<char>(bits >> shift);
  update(padding);
  Digest digest;
  for (std::size_t place = 0; place < 32; ++place) {
    digest[place] = static_cast<std::uint8_t>(state_[place / 4] >> (24 - 8 * (place % 4)));
  }
  return digest;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string sha256_hex(std::string_view bytes) { return to_hex(Sha256().update(bytes).finish()); }

std::string sha256_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError::from_errno("open", path.string(), errno);
  Sha256 hash;
  std::vector<char> piece(1 << 18);
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())), file.gcount() > 0) {
    hash.update({piece.data(), static_cast<std::size_t>(file.gcount())});
  }
  if (file.bad() || !file.eof()) throw IoError::from_errno("read", path.string(), errno);
  return to_hex(hash.finish());
}

}  // namespace ordo
