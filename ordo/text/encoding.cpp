// Encodings cut and padded to a length.
#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/text/tokenizer.h"

namespace ordo::text {
namespace {

template <class T>
void take(std::vector<T>& values, const std::vector<bool>& kept) {
  std::size_t count = 0;
  for (std::size_t index = 0; index < values.size(); ++index) {
    if (kept[index]) values[count++] = values[index];
  }
  values.resize(count);
}

template <class T>
void fill(std::vector<T>& values, std::size_t count, const T& value, bool left) {
  values.insert(left ? values.begin() : values.end(), count, value);
}

}  // namespace

Encoding truncate(Encoding encoding, const Truncation& truncation) {
  const std::size_t size = encoding.ids.size();
  if (size <= truncation.max_length) return encoding;
  const auto special = static_cast<std::size_t>(
      std::count(encoding.is_special.begin(), encoding.is_special.end(), 1));
  if (special > truncation.max_length) {
    throw UsageError(fmt::format("a text cannot be cut to {} tokens of which {} are special",
                                 truncation.max_length, special));
  }
  std::size_t room = truncation.max_length - special;
  std::vector<bool> kept(size);
  for (std::size_t step = 0; step < size; ++step) {
    const std::size_t index = truncation.left ? size - 1 - step : step;
    if (encoding.is_special[index] != 0) {
      kept[index] = true;
    } else if (room > 0) {
      kept[index] = true;
      --room;
    }
  }
  take(encoding.ids, kept);
  take(encoding.offsets, kept);
  take(encoding.type_ids, kept);
  take(encoding.is_special, kept);
  return encoding;
}

Encoding pad(Encoding encoding, const Padding& padding, std::size_t longest) {
  std::size_t length = padding.length.value_or(longest);
  if (padding.multiple_of > 1) {
    length = (length + padding.multiple_of - 1) / padding.multiple_of * padding.multiple_of;
  }
  if (encoding.ids.size() >= length) return encoding;
  const std::size_t count = length - encoding.ids.size();
  fill(encoding.ids, count, padding.id, padding.left);
  fill(encoding.offsets, count, ByteSpan{}, padding.left);
  fill(encoding.type_ids, count, padding.type_id, padding.left);
  fill(encoding.is_special, count, std::uint8_t{1}, padding.left);
  return encoding;
}

}  // namespace ordo::text
