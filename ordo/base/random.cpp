#include "ordo/base/random.h"

#include <cmath>
#include <numbers>
#include <numeric>

namespace ordo {
namespace {

constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

// FNV-1a, to turn a name into an index.
std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::array<std::uint32_t, 2> halves(std::uint64_t value) {
  return {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)};
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = std::uint64_t{kMultiplier0} * counter[0];
    const std::uint64_t product1 = std::uint64_t{kMultiplier1} * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

Random::Random(std::uint64_t seed) : key_(halves(seed)), stream_{0, 0} {}

Random::Random(std::array<std::uint32_t, 2> key, std::array<std::uint32_t, 2> stream)
    : key_(key), stream_(stream) {}

// A child's key and stream are a Philox block of the parent's identity and the index, in a corner
// of counter space (key with one flipped constant) that drawing never visits.
Random Random::split(std::uint64_t index) const {
  const auto low = halves(index);
  const auto block = philox4x32({low[0], low[1], stream_[0], stream_[1]},
                                {key_[0] ^ 0x53504C49, key_[1] ^ 0x54424954});
  return Random({block[0], block[1]}, {block[2], block[3]});
}

Random Random::split(std::string_view name) const { return split(hash_name(name)); }

std::uint32_t Random::next32() {
  if (used_ == 4) {
    const auto low = halves(block_++);
    words_ = philox4x32({low[0], low[1], stream_[0], stream_[1]}, key_);
    used_ = 0;
  }
  return words_[used_++];
}

std::uint64_t Random::next64() {
  const std::uint64_t low = next32();
  return low | (std::uint64_t{next32()} << 32);
}

double Random::uniform() { return static_cast<double>(next64() >> 11) * 0x1p-53; }

std::uint64_t Random::below(std::uint64_t bound) {
  __extension__ typedef unsigned __int128 Wide;  // no 128-bit integers in ISO C++
  Wide product = static_cast<Wide>(next64()) * bound;
  auto low = static_cast<std::uint64_t>(product);
  if (low < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (low < threshold) {
      product = static_cast<Wide>(next64()) * bound;
      low = static_cast<std::uint64_t>(product);
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double Random::normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  const double angle = 2.0 * std::numbers::pi * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_normal_ = true;
  return radius * std::cos(angle);
}

// The uniform is taken at the middle of one of 2^52 equal cells, so that it is neither 0 nor 1
// (2^53 cells would round the last middle up to 1).
double Random::gumbel() {
  return -std::log(-std::log((static_cast<double>(next64() >> 12) + 0.5) * 0x1p-52));
}

bool Random::bernoulli(double probability) { return uniform() < probability; }

std::vector<std::size_t> Random::permutation(std::size_t size) {
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(std::span(order));
  return order;
}

}  // namespace ordo
