// How well a model chooses among answers: it takes the one that it finds most likely, as the
// package `lm_eval` counts it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ordo/lm/text_model.h"
#include "ordo/text/choice_questions.h"

namespace ordo::lm {

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

ChoiceResult choose(const TextModel& opened, std::span<const text::ChoiceQuestion> questions,
                    std::int64_t batch, Context& context);

}  // namespace ordo::lm
