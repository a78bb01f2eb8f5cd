#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/error.h"
#include "ordo/base/npy.h"
#include "ordo/data/readers.h"

namespace ordo::data {
namespace {

using Names = std::initializer_list<std::string_view>;

const Array* find(const NamedArrays& arrays, const Names& names) {
  for (const std::string_view name : names) {
    const auto found = std::find_if(arrays.begin(), arrays.end(),
                                    [&](const auto& item) { return item.first == name; });
    if (found != arrays.end()) return &found->second;
  }
  return nullptr;
}

}  // namespace

Labelled parse_labelled_npz(std::string_view bytes, const std::string& source,
                            const LoadOptions& options) {
  const NamedArrays arrays = parse_npz(bytes, source);
  const Array* const x = find(arrays, {"x", "X", "images", "data", "examples"});
  const Array* const y = find(arrays, {"y", "labels", "target"});
  if (x != nullptr && y != nullptr) return label(*x, *y, source, options);
  const Array* const x_train = find(arrays, {"x_train"});
  const Array* const y_train = find(arrays, {"y_train"});
  const Array* const x_test = find(arrays, {"x_test"});
  const Array* const y_test = find(arrays, {"y_test"});
  if (x_train == nullptr || y_train == nullptr || x_test == nullptr || y_test == nullptr) {
    std::vector<std::string> names;
    for (const auto& item : arrays) names.push_back(item.first);
    throw InputError(
        {.source = source},
        fmt::format("expected arrays x and y, or x_train, y_train, x_test and y_test; "
                    "found {}",
                    names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
  }
  return label_parts(*x_train, *y_train, *x_test, *y_test, source, options);
}

}  // namespace ordo::data
