#include "ordo/data/class_names.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ordo::data {
namespace {

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

constexpr double kExactIntegers = 0x1p53;

// "007", "7" and "7.0" are one name; what is no number stays as it is.
std::string canonical(std::string_view label, const std::function<Location()>& where) {
  if (label.empty()) throw InputError(where(), "expected a class, found an empty field");
  if (const auto integer = parse_whole<std::int64_t>(label)) return fmt::format("{}", *integer);
  const auto number = parse_whole<double>(label);
  if (!number || !std::isfinite(*number)) return std::string(label);
  if (*number != std::floor(*number)) {
    throw InputError(where(), fmt::format("expected a class, found the number {}; classes are "
                                          "integers or words",
                                          label));
  }
  if (std::abs(*number) > kExactIntegers) return std::string(label);
  return fmt::format("{}", static_cast<std::int64_t>(*number));
}

}  // namespace

void Classifier::add(std::string_view label, const std::function<Location()>& where) {
  const std::string text(label);
  const auto found = texts_.find(text);
  if (found != texts_.end()) {
    ids_.push_back(found->second);
    return;
  }
  ids_.push_back(texts_[text] = id_of(canonical(label, where), where));
}

void Classifier::add(std::int64_t label, const std::function<Location()>& where) {
  const auto found = integers_.find(label);
  if (found != integers_.end()) {
    ids_.push_back(found->second);
    return;
  }
  ids_.push_back(integers_[label] = id_of(fmt::format("{}", label), where));
}

std::int64_t Classifier::id_of(std::string name, const std::function<Location()>& where) {
  if (!known_.empty()) {
    const auto found = std::find(known_.begin(), known_.end(), name);
    if (found == known_.end()) {
      throw InputError(where(), fmt::format("the class '{}' is new; the {} known ones are {}", name,
                                            known_.size(), fmt::join(known_, ", ")));
    }
    return found - known_.begin();
  }
  return names_.try_emplace(std::move(name), static_cast<std::int64_t>(names_.size()))
      .first->second;
}

Classified Classifier::finish() && {
  if (!known_.empty()) return {.labels = std::move(ids_), .classes = std::move(known_)};
  std::vector<std::string> by_id(names_.size());
  for (const auto& [name, id] : names_) by_id[static_cast<std::size_t>(id)] = name;
  const bool are_integers = std::all_of(by_id.begin(), by_id.end(), [](const std::string& name) {
    return parse_whole<std::int64_t>(name).has_value();
  });
  std::vector<std::size_t> order(by_id.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return are_integers ? parse_whole<std::int64_t>(by_id[a]) < parse_whole<std::int64_t>(by_id[b])
                        : by_id[a] < by_id[b];
  });
  Classified result;
  std::vector<std::int64_t> place(order.size());
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    place[order[rank]] = static_cast<std::int64_t>(rank);
    result.classes.push_back(by_id[order[rank]]);
  }
  for (std::int64_t& id : ids_) id = place[static_cast<std::size_t>(id)];
  result.labels = std::move(ids_);
  return result;
}

}  // namespace ordo::data
