// How much the tests do: how deep they nest programs, which is far deeper than the native stack
// would take with a frame a level, and how many random ones they draw. Under sanitizers, which take
// about ten times as long, it is a tenth.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ordo::machine {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

inline constexpr std::size_t kLevels = kSanitized ? 100'000 : 1'000'000;

/// Of `count` random cases, how many are drawn.
template <class Count>
constexpr Count draws(Count count) {
  return kSanitized ? count / 10 : count;
}

/// The piece once for each level.
inline std::string repeated(std::string_view piece, std::size_t levels = kLevels) {
  std::string text;
  text.reserve(levels * piece.size());
  for (std::size_t i = 0; i < levels; ++i) text += piece;
  return text;
}

}  // namespace ordo::machine
