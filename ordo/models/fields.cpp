#include "ordo/models/fields.h"

#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::models {

Fields::Fields(const JsonObject& object, std::string source, std::string pointer)
    : object_(object), source_(std::move(source)), pointer_(std::move(pointer)) {}

const Json* Fields::find(const std::string& key) const {
  const Json* const found = object_.find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

void Fields::fail(const std::string& key, const std::string& message) const {
  throw InputError({.source = source_, .field = pointer(key)}, message);
}

std::int64_t Fields::count(const std::string& key, std::optional<std::int64_t> otherwise) const {
  const Json* const found = find(key);
  if (found == nullptr) {
    if (otherwise) return *otherwise;
    fail(key, "is missing; expected a whole number of at least 1");
  }
  if (!found->is_int() || found->as_int() < 1 ||
      found->as_int() > std::numeric_limits<std::int32_t>::max()) {
    fail(key, fmt::format("expected a whole number of at least 1, found {}", found->dump()));
  }
  return found->as_int();
}

std::optional<std::int64_t> Fields::index(const std::string& key) const {
  const Json* const found = find(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_int() || found->as_int() < 0 ||
      found->as_int() > std::numeric_limits<std::int32_t>::max()) {
    fail(key, fmt::format("expected a whole number of at least 0, found {}", found->dump()));
  }
  return found->as_int();
}

double Fields::positive(const std::string& key, std::optional<double> otherwise) const {
  const Json* const found = find(key);
  if (found == nullptr) {
    if (otherwise) return *otherwise;
    fail(key, "is missing; expected a positive number");
  }
  if (!found->is_number() || !(found->as_double() > 0) || !std::isfinite(found->as_double())) {
    fail(key, fmt::format("expected a positive number, found {}", found->dump()));
  }
  return found->as_double();
}

std::vector<double> Fields::positives(const std::string& key) const {
  const Json* const found = find(key);
  if (found == nullptr || !found->is_array()) {
    fail(key, fmt::format("expected an array of positive numbers, found {}",
                          found == nullptr ? "nothing" : found->type_name()));
  }
  std::vector<double> numbers;
  for (const Json& one : found->as_array()) {
    if (!one.is_number() || !(one.as_double() > 0) || !std::isfinite(one.as_double())) {
      fail(key, fmt::format("expected positive numbers, found {}", one.dump()));
    }
    numbers.push_back(one.as_double());
  }
  return numbers;
}

bool Fields::flag(const std::string& key, bool otherwise) const {
  const Json* const found = find(key);
  if (found == nullptr) return otherwise;
  if (!found->is_bool()) fail(key, fmt::format("expected true or false, found {}", found->dump()));
  return found->as_bool();
}

std::string Fields::text(const std::string& key, const std::string& otherwise) const {
  const Json* const found = find(key);
  if (found == nullptr) return otherwise;
  if (!found->is_string()) fail(key, fmt::format("expected a string, found {}", found->dump()));
  return found->as_string();
}

const JsonObject* Fields::object(const std::string& key) const {
  const Json* const found = find(key);
  if (found == nullptr) return nullptr;
  if (!found->is_object()) {
    fail(key, fmt::format("expected an object, found {}", found->type_name()));
  }
  return &found->as_object();
}

}  // namespace ordo::models
