// `ordo lm eval`: multiple-choice tasks.
#pragma once

#include <filesystem>
#include <string>

#include "ordo/lm/multiple_choice.h"
#include "ordo/lm/text_model.h"

namespace ordo::lm {

struct EvalOptions {
  ModelChoice model;
  std::filesystem::path task;  ///< JSONL, or an MMLU folder
  std::int64_t shots = 5;      ///< MMLU: solved questions before each
  std::int64_t limit = 0;      ///< questions; 0: all
  std::int64_t batch = 16;
  std::filesystem::path out;  ///< JSONL: a line for each question
  void describe(OptionSet& set);
};

struct EvalResult {
  ChoiceResult choices;
  bool has_subjects = false;
};
Json to_json(const EvalResult& result);
std::string to_text(const EvalResult& result);

EvalResult eval(const EvalOptions& options, Context& context);

}  // namespace ordo::lm
