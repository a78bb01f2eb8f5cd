// Opens and reads a damaged database: whatever the bytes are, only ordo's errors may come. The
// first 16 bytes of every input are made SQLite's, so that damage reaches further than the header.
#include <cstdint>
#include <filesystem>
#include <fstream>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/store/maintenance.h"
#include "ordo/store/store.h"

namespace {

void read_all(const std::filesystem::path& folder) {
  ordo::Context context;
  ordo::store::check({.store = folder}, context);
  ordo::store::info({.store = folder}, context);
  const ordo::store::Store store(folder, {.access = ordo::store::Access::read}, context);
  for (const auto& study : store.studies()) {
    store.looks(study.name);
    store.cells(study.name);
    store.runs(study.name);
    store.study_series(study.name, 100);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ordo::TempFolder folder("/dev/shm");
  std::string bytes(reinterpret_cast<const char*>(data), size);
  bytes.replace(0, std::min<std::size_t>(16, size), std::string("SQLite format 3\0", 16));
  std::ofstream(folder.path() / "store.db", std::ios::binary) << bytes;
  try {
    read_all(folder.path());
  } catch (const ordo::Error&) {
  }
  return 0;
}
