// Multiple-choice tasks in the files that they come in, read as the package `lm_eval` does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ordo::text {

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
std::vector<ChoiceQuestion> parse_choice_lines(std::string_view text, const std::string& source);

/// MMLU's folder: test/SUBJECT_test.csv and dev/SUBJECT_dev.csv with question, four answers and the
/// letter of the right one. Each question follows `shots` solved ones of dev. Throws InputError.
std::vector<ChoiceQuestion> read_mmlu(const std::filesystem::path& folder, std::int64_t shots);
/// One file of such a folder: questions without subject, not preceded by any.
std::vector<ChoiceQuestion> parse_mmlu(std::string_view text, const std::string& source);

}  // namespace ordo::text
