// Multiple-choice tasks in the files that they come in, and how well a model chooses: the answer
// that it finds most likely, as the package `lm_eval` counts it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ordo/lm/text_model.h"

namespace ordo::lm {

/// A question with its answers, as text: the model compares what follows `context`.
struct ChoiceQuestion {
  std::string context;
  std::vector<std::string> answers;  ///< without the space that divides them from the context
  std::size_t right = 0;
  std::string subject;  ///< empty, or what results are also averaged over
};

/// A file of JSON lines: HellaSwag's ("ctx" or "ctx_a" and "ctx_b", "endings", "label", perhaps
/// "activity_label"), or plain ones ("question", "choices", "answer": a number from 0 or a letter).
/// Throws InputError with line and field.
std::vector<ChoiceQuestion> read_choice_lines(const std::filesystem::path& file);

/// MMLU's folder: test/SUBJECT_test.csv and dev/SUBJECT_dev.csv with question, four answers and the
/// letter of the right one. Each question follows `shots` solved ones of dev. Throws InputError.
std::vector<ChoiceQuestion> read_mmlu(const std::filesystem::path& folder, std::int64_t shots);

struct ChoiceScore {
  std::int64_t questions = 0;
  double accuracy = 0;             ///< by the sum of log probabilities
  double normalised_accuracy = 0;  ///< by that divided by the answer's characters
  double accuracy_error = 0;       ///< standard error of the mean
  double normalised_error = 0;
};

/// How a question was answered.
struct Choice {
  std::vector<double> log_probabilities;  ///< of each answer
  bool is_right = false;                  ///< by their largest
  bool is_right_normalised = false;
};

struct ChoiceResult {
  ChoiceScore all;
  double mean_over_subjects = 0;  ///< of accuracies
  std::vector<std::pair<std::string, ChoiceScore>> subjects;
  std::vector<Choice> choices;  ///< in the order of the questions
};

ChoiceResult choose(const TextModel& opened, std::span<const ChoiceQuestion> questions,
                    std::int64_t batch, Context& context);

}  // namespace ordo::lm
