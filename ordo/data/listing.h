// The catalogue as `ordo data` shows it, and what a file of examples holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/data/catalogue.h"
#include "ordo/data/labelled.h"

namespace ordo::data {

/// A data set and where it lies.
struct Entry {
  DataSet set;
  std::filesystem::path path;
  bool here = false;
};

Entry entry_of(const DataSet& set, const Folders& folders);
Json to_json(const Entry& entry);
std::string to_text(const Entry& entry);

struct Listing {
  std::vector<Entry> entries;
};

Listing list_data_sets(const Folders& folders);
Json to_json(const Listing& listing);
std::string to_text(const Listing& listing);

/// What loaded examples are like.
struct Summary {
  std::string source;
  std::int64_t examples = 0;
  std::int64_t own_training = 0;  ///< of them; 0 if the source has no division
  Shape example_shape = {};
  std::string type = {};                   ///< "uint8" or "float32"
  double low = 0, high = 0;                ///< smallest and largest element
  std::vector<std::string> features = {};  ///< a table's columns
  std::vector<std::string> classes = {};
  std::vector<std::int64_t> counts = {};  ///< examples by class
  std::string sha256 = {};                ///< see hash_of
};

Summary summarize(const Labelled& data);
Json to_json(const Summary& summary);
std::string to_text(const Summary& summary);

}  // namespace ordo::data
