#include "ordo/data/scaler.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::data {
namespace {

constexpr int kVersion = 1;
constexpr std::string_view kNames[] = {"none", "unit", "centred", "standard"};

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// shift and factor of one group.
std::pair<double, double> numbers_of(Scaling scaling, const GroupStatistics& fitted,
                                     const std::optional<ValueRange>& range) {
  const double low = range ? range->low : fitted.low, high = range ? range->high : fitted.high;
  const auto inverse = [](double spread) { return spread > 0 ? 1 / spread : 1; };
  switch (scaling) {
    case Scaling::none:
      break;
    case Scaling::unit:
      return {low, inverse(high - low)};
    case Scaling::centred:
      return {(low + high) / 2, inverse((high - low) / 2)};
    case Scaling::standard:
      return {fitted.mean, inverse(fitted.deviation)};
  }
  return {0, 1};
}

std::vector<double> numbers(const Json& json, const char* key, const std::string& source,
                            std::size_t size) {
  const std::string where = fmt::format("{}: /{}", source, key);
  std::vector<double> values;
  for (const Json& item : json.at(key, source).as_array(where)) {
    values.push_back(item.as_double(where));
    if (!std::isfinite(values.back())) {
      throw InputError({.source = where}, "expected finite numbers");
    }
  }
  if (values.size() != size) {
    throw InputError({.source = where},
                     fmt::format("expected {} numbers, found {}", size, values.size()));
  }
  return values;
}

Scaling read_scaling(const Json& json, const std::string& source) {
  try {
    return scaling_of(json.at("scaling", source).as_string(source + ": /scaling"));
  } catch (const UsageError& error) {
    throw InputError({.source = source, .field = "/scaling"}, error.what());
  }
}

Shape read_shape(const Json& json, const std::string& source) {
  const std::string where = source + ": /example_shape";
  Shape shape;
  for (const Json& extent : json.at("example_shape", source).as_array(where)) {
    shape.push_back(extent.as_int(where));
  }
  try {
    count_of(shape);
  } catch (const NumericError& error) {
    throw InputError({.source = where}, error.what());
  }
  return shape;
}

std::vector<std::string> read_names(const Json& json, const std::string& source) {
  const std::string where = source + ": /names";
  std::vector<std::string> names;
  for (const Json& item : json.at("names", source).as_array(where)) {
    names.push_back(item.as_string(where));
  }
  return names;
}

template <class Value>
Json column(const Scaler& scaler, Value GroupStatistics::* field) {
  Json::Array values;
  for (const GroupStatistics& own : scaler.fitted) values.push_back(own.*field);
  return values;
}

}  // namespace

std::string_view to_string(Scaling scaling) { return kNames[static_cast<std::size_t>(scaling)]; }

Scaling scaling_of(const std::string& name) {
  const auto found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) {
    throw UsageError(fmt::format(
        "there is no input scaling '{}'; choose none, unit, centred or standard", name));
  }
  return static_cast<Scaling>(found - std::begin(kNames));
}

Scaler fit_scaler(const Labelled& data, IndexSpan on, Scaling scaling) {
  Scaler scaler{.scaling = scaling,
                .example_shape = data.example_shape(),
                .fitted = {},
                .names = data.features,
                .examples = static_cast<std::int64_t>(on.size())};
  scaler.fitted = group_statistics(data.examples, on, grouping_of(scaler.example_shape));
  for (const GroupStatistics& own : scaler.fitted) {
    const auto [shift, factor] = numbers_of(scaling, own, data.range);
    scaler.shift.push_back(static_cast<float>(shift));
    scaler.factor.push_back(static_cast<float>(factor));
  }
  return scaler;
}

Json to_json(const Scaler& scaler) {
  const auto floats = [](const std::vector<float>& values) {
    return Json::array_of(std::vector<double>(values.begin(), values.end()));
  };
  return Json::object({{"ordo_scaler", kVersion},
                       {"scaling", to_string(scaler.scaling)},
                       {"example_shape", Json::array_of(scaler.example_shape)},
                       {"names", Json::array_of(scaler.names)},
                       {"examples", scaler.examples},
                       {"shift", floats(scaler.shift)},
                       {"factor", floats(scaler.factor)},
                       {"mean", column(scaler, &GroupStatistics::mean)},
                       {"deviation", column(scaler, &GroupStatistics::deviation)},
                       {"low", column(scaler, &GroupStatistics::low)},
                       {"high", column(scaler, &GroupStatistics::high)}});
}

Scaler scaler_from_json(const Json& json, const std::string& source) {
  const std::int64_t version = json.at("ordo_scaler", source).as_int(source + ": /ordo_scaler");
  if (version != kVersion) {
    throw InputError(
        {.source = source, .field = "/ordo_scaler"},
        fmt::format("version {} of input scaling; this program knows {}", version, kVersion));
  }
  Scaler scaler{.scaling = read_scaling(json, source),
                .example_shape = read_shape(json, source),
                .fitted = {},
                .names = read_names(json, source)};
  const std::size_t groups = at(grouping_of(scaler.example_shape).groups);
  if (!scaler.names.empty() && scaler.names.size() != groups) {
    throw InputError({.source = source, .field = "/names"},
                     fmt::format("expected {} names, found {}", groups, scaler.names.size()));
  }
  scaler.examples = json.at("examples", source).as_int(source + ": /examples");
  const auto read = [&](const char* key) { return numbers(json, key, source, groups); };
  for (const double value : read("shift")) scaler.shift.push_back(static_cast<float>(value));
  for (const double value : read("factor")) scaler.factor.push_back(static_cast<float>(value));
  const auto mean = read("mean"), deviation = read("deviation"), low = read("low"),
             high = read("high");
  for (std::size_t group = 0; group < mean.size(); ++group) {
    scaler.fitted.push_back({mean[group], deviation[group], low[group], high[group]});
  }
  return scaler;
}

void require_fits(const Scaler& scaler, const Labelled& data) {
  if (data.example_shape() != scaler.example_shape) {
    throw InputError(
        {.source = data.source},
        fmt::format("examples are shaped {}, those the input scaling was fitted on {}",
                    ordo::to_string(data.example_shape()), ordo::to_string(scaler.example_shape)));
  }
  for (std::size_t column = 0; column < std::min(scaler.names.size(), data.features.size());
       ++column) {
    if (scaler.names[column] == data.features[column]) continue;
    throw InputError({.source = data.source, .field = data.features[column]},
                     fmt::format("expected the column '{}' here, as in the data that the input "
                                 "scaling was fitted on",
                                 scaler.names[column]));
  }
}

void gather(const Scaler& scaler, const Labelled& data, IndexSpan which, std::span<float> out) {
  const std::size_t each = at(data.example_count());
  if (out.size() != which.size() * each) {
    throw UsageError(fmt::format("room for {} elements, expected {} examples of {}", out.size(),
                                 which.size(), each));
  }
  const Grouping grouping = grouping_of(scaler.example_shape);
  float* to = out.data();
  if (data.examples.dtype() == Dtype::uint8 && grouping.groups == 1) {
    std::array<float, 256> table{};
    for (std::size_t value = 0; value < table.size(); ++value) {
      table[value] = (static_cast<float>(value) - scaler.shift[0]) * scaler.factor[0];
    }
    visit_pieces<std::uint8_t>(data.examples, which, grouping, [&](std::size_t, auto piece) {
      for (const std::uint8_t value : piece) *to++ = table[value];
    });
    return;
  }
  const auto scale = [&](std::size_t group, auto piece) {
    const float shift = scaler.shift[group], factor = scaler.factor[group];
    for (const auto value : piece) *to++ = (static_cast<float>(value) - shift) * factor;
  };
  visit_pieces(data.examples, which, grouping, scale);
}

}  // namespace ordo::data
