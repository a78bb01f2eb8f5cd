// Handing runs to other tools: tables, JSON, MLflow's folders, TensorBoard's event files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/base/options.h"

namespace ordo::store {

struct ExportOptions {
  std::filesystem::path out;              ///< folder to write; must be empty or absent
  std::filesystem::path store = ".ordo";  ///< the store's folder
  std::string format = "csv";             ///< csv, json, mlflow, tensorboard
  std::string study;                      ///< only this study; empty: all
  void describe(OptionSet& set);
};
struct ExportResult {
  std::string folder;
  std::vector<std::string> files;  ///< for csv and json; empty for the folder trees
  std::int64_t runs = 0;
  std::int64_t points = 0;
};
/// Writes the run that counts of every cell, all points. csv: cells.csv (a row a cell), series.csv
/// (long: a row a point), wide.csv (a row a step, a column a series). json: store.json. mlflow: a
/// file store, for `mlflow ui --backend-store-uri OUT`; an experiment a study. tensorboard: a
/// folder a run with an event file, for `tensorboard --logdir OUT`; steps become whole numbers in
/// these two. Throws UsageError if `out` holds something, IoError.
ExportResult export_store(const ExportOptions& options, Context& context);
Json to_json(const ExportResult& result);
std::string to_text(const ExportResult& result);

}  // namespace ordo::store
