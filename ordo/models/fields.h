// Fields of a JSON object, each with its type, its range and a default; errors name file and field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ordo/base/json.h"

namespace ordo::models {

class Fields {
 public:
  /// `pointer` is the object's own place in the file ("" for the root).
  Fields(const JsonObject& object, std::string source, std::string pointer = {});

  /// The member; null counts as absent.
  const Json* find(const std::string& key) const;
  /// A number of things, 1 to 2^31 - 1. Throws InputError if it is absent and has no default.
  std::int64_t count(const std::string& key, std::optional<std::int64_t> otherwise = {}) const;
  std::optional<std::int64_t> index(const std::string& key) const;  ///< 0 and more
  double positive(const std::string& key, std::optional<double> otherwise = {}) const;
  std::vector<double> positives(const std::string& key) const;  ///< an array of positive numbers
  bool flag(const std::string& key, bool otherwise) const;
  std::string text(const std::string& key, const std::string& otherwise = {}) const;
  /// The object of that name; nullptr if it is absent.
  const JsonObject* object(const std::string& key) const;

  [[noreturn]] void fail(const std::string& key, const std::string& message) const;
  std::string pointer(const std::string& key) const { return pointer_ + "/" + key; }
  const std::string& source() const { return source_; }

 private:
  const JsonObject& object_;
  std::string source_, pointer_;
};

}  // namespace ordo::models
