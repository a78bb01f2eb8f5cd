// A study's results as people and programs read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ordo/trial/results.h"

namespace ordo::study {

/// A number with four significant digits.
std::string short_number(double value);

/// "1 seed", "3 seeds".
std::string count_of(std::size_t count, std::string_view noun);

/// Rows of cells as a table with a header line, columns aligned; the first is left-aligned.
std::string align_columns(const std::vector<std::vector<std::string>>& rows);

/// Variant by measure: mean [95 % interval].
std::string table_text(const trial::Results& results);
/// Each claim with what its numbers say, marked ✔ (holds), ✘ (fails) or ? (undecided), then what
/// alpha means and what a reader should know: changes, errors, failed cells.
std::string verdicts_text(const trial::Results& results);
/// "50 of 50 cells done" with what else there is: "48 of 50 cells done, 1 failed, 1 pending".
std::string counts_text(const trial::Results& results);
/// Heading, counts, table and verdicts.
std::string results_text(const trial::Results& results);

Json results_json(const trial::Results& results);

/// How many cells stand how, by the names of store::Status.
std::map<std::string, int> count_by_status(const trial::Results& results);

/// Whether a claim fails, and whether one is undecided or could not be judged yet.
bool any_fails(const trial::Results& results);
bool any_undecided(const trial::Results& results);

}  // namespace ordo::study
