// The sections of a study's file, described once: the reader, the JSON schema and the reference
// page all come from this list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/options.h"

namespace ordo::trial {

/// A key that an OptionSet cannot describe, because its value has several forms.
struct FreeKey {
  std::string name;
  std::string type;  ///< in words
  std::string help;
  Json schema;  ///< of its value
};

/// A section and its keys.
struct Section {
  enum class Form { table, blocks } form = Form::table;  ///< [name] or [[name]]
  std::string name;
  std::string help;
  OptionSet options;
  std::vector<FreeKey> keys;
  /// What a key that is not listed means: empty if there may be none, else "a parameter".
  std::string others;
  Json others_schema;
  std::vector<std::string> required;
};

/// All sections, in the order in which a file usually has them.
const std::vector<Section>& sections();
const Section& section(std::string_view name);

}  // namespace ordo::trial
