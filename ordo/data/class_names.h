// From labels as they stand in a file to numbers from 0 to k - 1.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ordo/base/error.h"

namespace ordo::data {

/// Labels by class, and the classes' names.
struct Classified {
  std::vector<std::int64_t> labels;
  std::vector<std::string> classes;
};

/// Takes labels one by one. The classes are the distinct labels, in numeric order if all are
/// integers, else in the order of their bytes; 3, "3" and "3.0" are the same label.
class Classifier {
 public:
  /// `known`: the only classes allowed, in their order; empty: any.
  explicit Classifier(std::vector<std::string> known = {}) : known_(std::move(known)) {}

  /// Adds the next label. Throws InputError at where() if it is not among the known ones, or a
  /// number with a fraction: classes are wanted, not a quantity.
  void add(std::string_view label, const std::function<Location()>& where);
  void add(std::int64_t label, const std::function<Location()>& where);

  std::size_t size() const { return ids_.size(); }
  Classified finish() &&;

 private:
  std::int64_t id_of(std::string name, const std::function<Location()>& where);

  std::vector<std::string> known_;
  std::unordered_map<std::string, std::int64_t> texts_, names_;
  std::unordered_map<std::int64_t, std::int64_t> integers_;
  std::vector<std::int64_t> ids_;
};

}  // namespace ordo::data
