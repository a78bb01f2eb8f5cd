#include "ordo/lm/run_eval.h"

#include <utility>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"

namespace ordo::lm {
namespace {

JsonObject object_of(const ChoiceScore& score) {
  return {{"questions", score.questions},
          {"acc", score.accuracy},
          {"acc-error", score.accuracy_error},
          {"acc-norm", score.normalised_accuracy},
          {"acc-norm-error", score.normalised_error}};
}

std::string row_of(const std::string& name, const ChoiceScore& score) {
  return fmt::format("{:<40} {:>6}  {:.4f} ± {:.4f}  {:.4f} ± {:.4f}\n", name, score.questions,
                     score.accuracy, score.accuracy_error, score.normalised_accuracy,
                     score.normalised_error);
}

// A line for each question.
std::string lines_of(const std::vector<text::ChoiceQuestion>& questions,
                     const ChoiceResult& result) {
  std::string lines;
  for (std::size_t number = 0; number < questions.size(); ++number) {
    const Choice& choice = result.choices[number];
    JsonObject line = {{"log-probabilities", Json::array_of(choice.log_probabilities)},
                       {"right", static_cast<std::int64_t>(questions[number].right)},
                       {"acc", choice.is_right},
                       {"acc-norm", choice.is_right_normalised}};
    if (!questions[number].subject.empty()) line["subject"] = questions[number].subject;
    lines += Json(std::move(line)).dump() + "\n";
  }
  return lines;
}

}  // namespace

void EvalOptions::describe(OptionSet& set) {
  set.positional("task", task, "JSONL file of questions, or an MMLU folder.").required();
  model.describe(set);
  set.add("shots", shots, "MMLU: solved questions before each.").range(0, 100);
  set.add("limit", limit, "Questions to ask; 0: all.").range(0);
  set.add("batch", batch, "Answers that are read at once.").range(1, 1 << 16);
  set.add("out", out, "JSONL file for the log probabilities of each question's answers.")
      .placeholder("FILE")
      .short_name('o');
}

EvalResult eval(const EvalOptions& options, Context& context) {
  std::vector<text::ChoiceQuestion> questions = std::filesystem::is_directory(options.task)
                                                    ? text::read_mmlu(options.task, options.shots)
                                                    : text::read_choice_lines(options.task);
  const auto limit = static_cast<std::size_t>(options.limit);
  if (limit > 0 && questions.size() > limit) questions.resize(limit);
  const TextModel opened = open_text_model(options.model, context);
  if (opened.model->config().is_encoder()) {
    throw UsageError("an encoder does not predict text, so it has no choice between answers");
  }
  EvalResult result{.choices = choose(opened, questions, options.batch, context)};
  result.has_subjects = !result.choices.subjects.empty();
  if (!options.out.empty()) {
    write_file_atomic(options.out, lines_of(questions, result.choices));
    context.artifact(options.out.string());
  }
  context.metric("acc", 0, result.choices.all.accuracy);
  context.metric("acc-norm", 0, result.choices.all.normalised_accuracy);
  return result;
}

Json to_json(const EvalResult& result) {
  JsonObject object = object_of(result.choices.all);
  if (result.has_subjects) {
    object["acc-mean-over-subjects"] = result.choices.mean_over_subjects;
    JsonObject subjects;
    for (const auto& [name, score] : result.choices.subjects) {
      subjects[name] = Json(object_of(score));
    }
    object["subjects"] = Json(std::move(subjects));
  }
  return Json(std::move(object));
}

std::string to_text(const EvalResult& result) {
  std::string out = fmt::format("{:<40} {:>6}  {:<15}  {}\n", "", "asked", "acc", "acc_norm");
  for (const auto& [name, score] : result.choices.subjects) out += row_of(name, score);
  out += row_of("all", result.choices.all);
  if (result.has_subjects) {
    out += fmt::format("{:<40} {:>6}  {:.4f}\n", "mean over subjects",
                       result.choices.subjects.size(), result.choices.mean_over_subjects);
  }
  return out;
}

}  // namespace ordo::lm
