#include "ordo/data/labelled.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/error.h"
#include "ordo/base/hash.h"
#include "ordo/data/class_names.h"
#include "ordo/data/readers.h"

namespace ordo::data {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

bool is_channels(std::int64_t extent) { return extent == 1 || extent == 3 || extent == 4; }

// [n, h, w, c] as [n, c, h, w].
template <class T>
Array channels_first(const Array& images) {
  const Shape& shape = images.shape();
  const std::size_t pixels = at(shape[1] * shape[2]), channels = at(shape[3]);
  const std::span<const T> from = images.as<T>();
  std::vector<T> to(from.size());
  for (std::size_t image = 0; image < at(shape[0]); ++image) {
    const std::size_t start = image * pixels * channels;
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      for (std::size_t channel = 0; channel < channels; ++channel) {
        to[start + channel * pixels + pixel] = from[start + pixel * channels + channel];
      }
    }
  }
  return Array::of(std::move(to), {shape[0], shape[3], shape[1], shape[2]});
}

void require_finite(std::span<const float> values, std::int64_t each, const std::string& source) {
  const auto found =
      std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  if (found == values.end()) return;
  const std::int64_t place = found - values.begin();
  throw InputError({.source = source},
                   fmt::format("example {}, element {} is {}; expected finite numbers",
                               place / each, place % each, *found));
}

// uint8 or float32, without a copy if it is one of these (or bool).
Array as_elements(const Array& array, const std::string& source) {
  if (array.dtype() == Dtype::uint8 || array.dtype() == Dtype::float32) return array;
  if (array.dtype() == Dtype::boolean) {
    return Array(Dtype::uint8, array.shape(), array.bytes(), array.owner());
  }
  if (array.dtype() == Dtype::complex64 || array.dtype() == Dtype::complex128) {
    throw InputError({.source = source}, fmt::format("expected examples of real numbers, found {}",
                                                     name_of(array.dtype())));
  }
  const std::vector<double> values = array.to_doubles();
  const bool are_bytes = std::all_of(values.begin(), values.end(), [](double value) {
    return value >= 0 && value <= 255 && value == std::floor(value);
  });
  if (are_bytes)
    return Array::of(std::vector<std::uint8_t>(values.begin(), values.end()), array.shape());
  return Array::of(std::vector<float>(values.begin(), values.end()), array.shape());
}

Classified classify(const Array& labels, const std::string& source, const LoadOptions& options) {
  Classifier classifier(options.classes);
  std::int64_t place = 0;
  const auto where = [&] {
    return Location{.source = source, .field = fmt::format("label {}", place)};
  };
  for (const double label : labels.to_doubles()) {
    if (!(label == std::floor(label) && std::abs(label) <= 0x1p53)) {
      throw InputError(where(), fmt::format("expected an integer, found {}", label));
    }
    classifier.add(static_cast<std::int64_t>(label), where);
    ++place;
  }
  return std::move(classifier).finish();
}

// Elements as bytes if all are integers from 0 to 255, so that the same values give the same bytes
// whatever type holds them.
std::vector<std::uint8_t> as_bytes_if_exact(std::span<const float> values) {
  std::vector<std::uint8_t> bytes;
  for (const float value : values) {
    if (!(value >= 0 && value <= 255 && value == std::floor(value))) return {};
    if (bytes.empty()) bytes.reserve(values.size());
    bytes.push_back(static_cast<std::uint8_t>(value));
  }
  return bytes;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Shape Labelled::example_shape() const {
  return Shape(examples.shape().begin() + 1, examples.shape().end());
}

std::int64_t Labelled::example_count() const { return count_of(example_shape()); }

void LoadOptions::describe(OptionSet& set) {
  set.add("label", label, "Column of a CSV file that holds the class.").placeholder("NAME");
  set.add("labels", labels, "File of the labels, if the examples' file has none (NPY, IDX).")
      .placeholder("FILE");
  set.add("drop", drop, "Columns of a CSV file to leave out.").placeholder("NAME");
}

Labelled label(Array examples, const Array& labels, const std::string& source,
               const LoadOptions& options) {
  if (examples.shape().empty()) {
    throw InputError({.source = source},
                     "expected examples shaped [n, features...], found a number");
  }
  const std::int64_t count = examples.shape()[0];
  if (labels.shape() != Shape{count} && labels.shape() != Shape{count, 1}) {
    throw InputError({.source = source},
                     fmt::format("expected a label for each of {} examples, shape [{}]; found {}",
                                 count, count, to_string(labels.shape())));
  }
  Array elements = as_elements(examples, source);
  Shape shape = elements.shape();
  if (shape.size() == 1) shape.push_back(1);
  elements = Array(elements.dtype(), shape, elements.bytes(), elements.owner());
  if (shape.size() == 4 && is_channels(shape[3]) && !is_channels(shape[1])) {
    elements = elements.dtype() == Dtype::uint8 ? channels_first<std::uint8_t>(elements)
                                                : channels_first<float>(elements);
  }
  if (elements.dtype() == Dtype::float32) {
    require_finite(elements.as<float>(), count == 0 ? 1 : elements.count() / count, source);
  }
  Labelled data{.source = source, .examples = std::move(elements)};
  Classified classified = classify(labels, source, options);
  data.labels = std::move(classified.labels);
  data.classes = std::move(classified.classes);
  if (data.examples.dtype() == Dtype::uint8 && shape.size() > 2) data.range = ValueRange{0, 255};
  return data;
}

Labelled label_parts(const Array& training, const Array& training_labels, const Array& test,
                     const Array& test_labels, const std::string& source,
                     const LoadOptions& options) {
  const auto require_even = [&](const Array& examples, const Array& labels, std::string_view part) {
    const std::int64_t count = labels.shape().empty() ? 0 : labels.shape()[0];
    if (!examples.shape().empty() && examples.shape()[0] == count) return;
    throw InputError({.source = source},
                     fmt::format("examples {} and labels {} of the {} set differ in number",
                                 to_string(examples.shape()), to_string(labels.shape()), part));
  };
  require_even(training, training_labels, "training");
  require_even(test, test_labels, "test");
  Labelled data = label(concatenated(training, test, source),
                        concatenated(training_labels, test_labels, source), source, options);
  data.own_training = training.shape()[0];
  return data;
}

Labelled with_classes(Labelled data, const std::vector<std::string>& classes) {
  std::vector<std::int64_t> places;
  for (const std::string& name : data.classes) {
    const auto found = std::find(classes.begin(), classes.end(), name);
    if (found == classes.end()) {
      throw InputError({.source = data.source},
                       fmt::format("the class '{}' is new; the {} known ones are {}", name,
                                   classes.size(), fmt::join(classes, ", ")));
    }
    places.push_back(found - classes.begin());
  }
  for (std::int64_t& own : data.labels) own = places[at(own)];
  data.classes = classes;
  return data;
}

std::string hash_of(const Labelled& data, std::int64_t begin, std::int64_t end) {
  const std::size_t each = at(data.example_count());
  Shape shape = data.examples.shape();
  shape[0] = end - begin;
  Sha256 hash;
  hash.update(to_string(shape));
  const std::size_t first = at(begin) * each, count = at(end - begin) * each;
  if (data.examples.dtype() == Dtype::uint8) {
    hash.update(text_of(data.examples.bytes().subspan(first, count)));
  } else {
    const auto values = data.examples.as<float>().subspan(first, count);
    const std::vector<std::uint8_t> bytes = as_bytes_if_exact(values);
    hash.update(text_of(bytes.empty() ? std::as_bytes(values) : std::as_bytes(std::span(bytes))));
  }
  for (std::int64_t example = begin; example < end; ++example) {
    const std::string& name = data.classes[at(data.labels[at(example)])];
    hash.update({name.c_str(), name.size() + 1});  // with its zero byte
  }
  return to_hex(hash.finish());
}

std::string hash_of(const Labelled& data) { return hash_of(data, 0, data.size()); }

}  // namespace ordo::data
