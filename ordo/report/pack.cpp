#include "ordo/report/pack.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>

namespace ordo::report {
namespace {

std::string base64(const std::string& bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    for (std::size_t byte = 0; byte < 3; ++byte) {
      group = group << 8 | (byte < count ? static_cast<unsigned char>(bytes[at + byte]) : 0U);
    }
    for (std::size_t digit = 0; digit < 4; ++digit) {
      out += digit <= count ? kDigits[group >> (18 - 6 * digit) & 63] : '=';
    }
  }
  return out;
}

template <class Number, class Bits>
std::string little_endian(std::span<const double> values) {
  std::string bytes;
  bytes.reserve(values.size() * sizeof(Bits));
  for (const double value : values) {
    const Bits bits = std::bit_cast<Bits>(static_cast<Number>(value));
    for (std::size_t byte = 0; byte < sizeof(Bits); ++byte) {
      bytes += static_cast<char>(bits >> (8 * byte) & 255);
    }
  }
  return bytes;
}

}  // namespace

Json pack_f64(std::span<const double> values) {
  return Json::object({{"f64", base64(little_endian<double, std::uint64_t>(values))}});
}

Json pack_f32(std::span<const double> values) {
  return Json::object({{"f32", base64(little_endian<float, std::uint32_t>(values))}});
}

}  // namespace ordo::report
