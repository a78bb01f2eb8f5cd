#include <cstdint>
#include <string>
#include <string_view>

#include "ordo/base/csv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const ordo::CsvTable table = ordo::parse_csv(bytes);
    // What is written reads back with the same shape; types may narrow.
    const ordo::CsvTable back = ordo::parse_csv(ordo::to_csv(table));
    if (back.rows() != table.rows() || back.columns().size() != table.columns().size()) {
      __builtin_trap();
    }
  } catch (const ordo::InputError&) {
  } catch (const ordo::LimitError&) {
  }
  return 0;
}
