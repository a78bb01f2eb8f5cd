// A store with a finished study, for the room's tests and its benchmark: a measure that rises with
// the seed, by a tenth more in variant "b" than in "a".
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "ordo/base/file.h"
#include "ordo/store/store.h"
#include "ordo/trial/results.h"

namespace ordo::board {

struct SampleOptions {
  std::string name = "sample";
  int seeds = 6;
  int points = 100;          ///< of the series "loss" of each run
  std::string hostile = {};  ///< appended to what a stranger could have written
  std::string bytes = {};    ///< after it, where texts need not be UTF-8
  std::string commit = "0123456789abcdef0123456789abcdef01234567";
  int finished = -1;  ///< cells that are run; -1: all
};

class SampleStore {
 public:
  SampleStore() : store(folder.path() / "store", {}, context) {}

  /// Registers the study, if it is new, and runs its cells.
  void add(const SampleOptions& options = {}) {
    const trial::Spec spec = trial::parse_spec(
        "[study]\nname = \"" + options.name +
            "\"\ntitle = \"Is b better?\"\nquestion = \"Or not?\"\n" +
            "seeds = " + std::to_string(options.seeds) + "\ntags = [\"baseline\"]\n" +
            "[fixed]\nrate = 0.25\n[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n" +
            "momentum = 0.9\n[command]\nrun = \"true\"\n[measure]\nscore = \"score\"\n" +
            "[[claim]]\nname = \"b-wins\"\ntext = \"score(b) > score(a)\"\n",
        "sample.toml", folder.path());
    trial::register_study(store, spec);
    const std::string environment = store.put_environment(
        {{"host", "box" + options.hostile}, {"commit", options.commit}, {"dirty", false}});
    std::vector<store::CellSpec> cells;
    for (const std::int64_t seed : spec.seeds) {
      for (const trial::Variant& variant : trial::variants(spec)) {
        cells.push_back({variant.name, variant.parameters, seed, trial::cell_key(variant, seed)});
      }
    }
    const std::vector<store::CellId> ids = store.add_cells(options.name, cells);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (options.finished >= 0 && static_cast<int>(i) >= options.finished) break;
      finish(begin(ids[i], environment), cells[i].seed, cells[i].variant, options);
    }
    trial::Results results = trial::read_results(store, options.name);
    trial::record_look(store, results);
  }

  store::RunId begin(store::CellId cell, const std::string& environment = {}) {
    store.reset_cell(cell);
    return store.claim(cell, {.fingerprint = "f", .environment = environment}).value();
  }

  void finish(store::RunId run, std::int64_t seed, const std::string& variant,
              const SampleOptions& options) {
    std::vector<double> steps, values;
    for (int i = 0; i < options.points; ++i) {
      steps.push_back(i);
      values.push_back(std::exp(-0.01 * i) + 0.01 * static_cast<double>(seed));
    }
    store.add_points(run, "loss" + options.hostile + options.bytes, steps, values);
    const auto file = folder.path() / "notes";
    write_file_atomic(file,
                      "notes of " + variant + "/" + std::to_string(seed) + options.hostile + "\n");
    store.add_artifact(run, file, "notes.txt" + options.hostile + options.bytes);
    const double score = static_cast<double>(seed) + (variant == "b" ? 0.1 : 0);
    store.finish(run, {.status = store::Status::done,
                       .exit_status = 0,
                       .wall_seconds = 1.5,
                       .log_head = "hello" + options.hostile + options.bytes,
                       .log_bytes = static_cast<std::int64_t>(5 + options.hostile.size() +
                                                              options.bytes.size()),
                       .results = {{"score", score}, {"note" + options.hostile, "text"}}});
  }

  Context context;
  TempFolder folder;
  store::Store store;
};

}  // namespace ordo::board
