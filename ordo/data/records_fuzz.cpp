// The JSON records that a run reads back: a split and an input scaling, each fitted anew to the
// same small data.
#include <cstdint>
#include <string_view>

#include "ordo/base/error.h"
#include "ordo/data/scaler.h"
#include "ordo/data/split.h"

namespace {

const ordo::data::Labelled& small_data() {
  static const auto data =
      ordo::data::label(ordo::Array::of(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}, {4, 2}),
                        ordo::Array::of(std::vector<std::int64_t>{0, 1, 0, 1}), "small");
  return data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::data;
  try {
    const ordo::Json json =
        ordo::parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
    if (json.find("ordo_split") != nullptr) {
      const Split split = restore_split(json, small_data(), "s.json");
      if (split.train.size() + split.validation.size() + split.test.size() > 4) __builtin_trap();
    } else {
      const Scaler scaler = scaler_from_json(json, "m.json");
      if (scaler.shift.size() != scaler.fitted.size()) __builtin_trap();
      require_fits(scaler, small_data());
      std::vector<float> out(8);
      gather(scaler, small_data(), Indices{0, 1, 2, 3}, out);
    }
  } catch (const ordo::InputError&) {
  } catch (const ordo::UsageError&) {
  }
  return 0;
}
