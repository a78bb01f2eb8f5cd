#include "ordo/lm/multiple_choice.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/lm/score.h"

namespace ordo::lm {
namespace {

struct Count {
  double right = 0, total = 0;
  void add(bool is_right) {
    right += is_right;
    ++total;
  }
  double mean() const { return right / total; }
  // Of the mean of `total` numbers that are 0 or 1, from their sample variance.
  double error() const { return total < 2 ? 0 : std::sqrt(mean() * (1 - mean()) / (total - 1)); }
};
struct Counts {
  Count plain, normalised;
  ChoiceScore score() const {
    return {.questions = static_cast<std::int64_t>(plain.total),
            .accuracy = plain.mean(),
            .normalised_accuracy = normalised.mean(),
            .accuracy_error = plain.error(),
            .normalised_error = normalised.error()};
  }
};

// Characters, not bytes.
double length_of(const std::string& text) {
  return static_cast<double>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

std::size_t place_of_largest(const std::vector<double>& numbers) {
  return static_cast<std::size_t>(std::ranges::max_element(numbers) - numbers.begin());
}

std::int64_t first_of(const std::vector<std::int64_t>& ends) {
  if (ends.empty()) {
    throw InputError({},
                     "a question is empty, and the model has no token that begins or ends a text");
  }
  return ends.front();
}

// Tokens of "context answer", cut where the context's own tokens end; spaces at the context's end
// belong to the answer. Before an answer without context stands the token that divides texts.
Continuation continuation_of(const TextModel& opened, const std::string& context,
                             const std::string& answer) {
  const std::string all = context + " " + answer;
  Continuation one;
  if (context.empty()) {
    one.before = opened.prompt("");
    if (one.before.empty()) one.before.push_back(first_of(opened.end_tokens()));
    one.tokens = opened.tokenizer.encode(all, {.add_special_tokens = false});
  } else {
    one.before = opened.prompt(context.substr(0, context.find_last_not_of(" \t\r\n") + 1));
    const std::vector<std::int64_t> both = opened.prompt(all);
    const std::size_t cut = std::min(one.before.size(), both.size());
    one.tokens.assign(both.begin() + static_cast<std::ptrdiff_t>(cut), both.end());
  }
  if (one.tokens.empty()) {
    throw InputError(
        {}, fmt::format("the answer '{}' has no token of its own after '{}'", answer, context));
  }
  return one;
}

}  // namespace

ChoiceResult choose(const TextModel& opened, std::span<const text::ChoiceQuestion> questions,
                    std::int64_t batch, Context& context) {
  std::vector<Continuation> continuations;
  for (const text::ChoiceQuestion& question : questions) {
    for (const std::string& answer : question.answers) {
      continuations.push_back(continuation_of(opened, question.context, answer));
    }
  }
  const auto scores = score_continuations(*opened.model, continuations, batch, context);
  Counts all;
  std::map<std::string, Counts> by_subject;
  std::size_t next = 0;
  ChoiceResult result;
  for (const text::ChoiceQuestion& question : questions) {
    Choice choice;
    std::vector<double> means;
    for (const std::string& answer : question.answers) {
      choice.log_probabilities.push_back(scores[next++].log_probability);
      means.push_back(choice.log_probabilities.back() / length_of(answer));
    }
    choice.is_right = place_of_largest(choice.log_probabilities) == question.right;
    choice.is_right_normalised = place_of_largest(means) == question.right;
    for (Counts* const counts : {&all, &by_subject[question.subject]}) {
      counts->plain.add(choice.is_right);
      counts->normalised.add(choice.is_right_normalised);
    }
    result.choices.push_back(std::move(choice));
  }
  result.all = all.score();
  for (const auto& [subject, counts] : by_subject) {
    result.mean_over_subjects += counts.plain.mean() / static_cast<double>(by_subject.size());
    if (!subject.empty()) result.subjects.emplace_back(subject, counts.score());
  }
  return result;
}

}  // namespace ordo::lm
