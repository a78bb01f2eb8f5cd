// What the catalogue holds.
#pragma once

#include <vector>

#include "ordo/data/catalogue.h"

namespace ordo::data {

std::vector<DataSet> bundled_sets();
std::vector<DataSet> image_sets();
std::vector<DataSet> text_and_table_sets();
std::vector<DataSet> pretrained_models();

}  // namespace ordo::data
